"""Stores users: their identifiers, state and profile. Other packages get a `User`, never a row or a password hash."""
