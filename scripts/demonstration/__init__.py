"""Readers of the real public data that the demonstration replays."""
