"""Amanat's HTTP side: routes, queries, relay, receipts, office database and web pages."""
