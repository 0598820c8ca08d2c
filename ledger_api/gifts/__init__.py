"""Gifts: recorded by a cashier, found by their receipt's code."""
