"""Volunteers' hours: confirmed acts, choices, redemptions and gifts of minutes."""
