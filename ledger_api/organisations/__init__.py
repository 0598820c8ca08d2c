"""Organisations' totals, read from the mirror."""
