"""Owns the account: its identifiers, its state, its profile. Hands out `Account`, never a row and never a hash."""
