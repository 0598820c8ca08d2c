"""Funds and their lines, read from the mirror."""
