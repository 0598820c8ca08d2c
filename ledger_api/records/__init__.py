"""Records on their way: what became of an accepted act."""
