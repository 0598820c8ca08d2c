"""Receipts: what a donor holds, found by its code."""
