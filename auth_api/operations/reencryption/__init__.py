"""Replaces the key of stored values that are encrypted."""
