"""Owns the security history: events with a grammar, written in the transaction of what they record."""
