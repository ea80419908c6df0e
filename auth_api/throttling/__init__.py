"""Limits per address and per account, counted in the database. So far their table, from the first migration."""
