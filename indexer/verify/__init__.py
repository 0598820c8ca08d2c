"""Checking what a node says against block hashes: nothing here trusts the node, and nothing here talks to one."""
