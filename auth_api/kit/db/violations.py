"""Errors for changes that a constraint or a missing privilege prevented."""

import sqlite3

import asyncpg

UNIQUE_VIOLATIONS = (asyncpg.UniqueViolationError, sqlite3.IntegrityError)
"""Catch them around a statement that can violate no other constraint. On PostgreSQL the transaction has failed."""

NOT_PERMITTED = (asyncpg.InsufficientPrivilegeError,)
"""42501: the database role lacks the privilege. SQLite has no roles."""
