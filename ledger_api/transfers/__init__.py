"""Transfers between funds, of one body or of two."""
