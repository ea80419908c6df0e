"""Checks passwords: throttled before any work, at equal cost for accounts that do not exist."""
