"""Household accounts, opened by a registrar."""
