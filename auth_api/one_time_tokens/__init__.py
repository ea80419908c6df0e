"""Mailed secrets, single-use and bound to one purpose. So far their table, which the first migration creates."""
