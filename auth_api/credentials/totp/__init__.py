"""Authenticator apps: at most one per account, whose time-based codes are a second factor."""
