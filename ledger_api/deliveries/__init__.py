"""Deliveries: handed over by an agent, accepted or refused by the household."""
