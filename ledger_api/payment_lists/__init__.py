"""Payment lists: proposed by a maker, approved by a different checker."""
