"""Passkeys: each is a login without a password, and a second factor."""
