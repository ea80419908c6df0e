"""Recognises what a constraint or a privilege refused."""

import sqlite3

import asyncpg

UNIQUE_VIOLATIONS = (asyncpg.UniqueViolationError, sqlite3.IntegrityError)
"""To catch around a statement that can violate nothing else. On PostgreSQL the transaction is lost."""

NOT_PERMITTED = (asyncpg.InsufficientPrivilegeError,)
"""42501: the database's role may not do that. SQLite knows no roles."""
