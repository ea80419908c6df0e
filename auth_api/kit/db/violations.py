"""Errors for changes that a constraint or a missing privilege prevented."""

import sqlite3

import asyncpg

UNIQUE_VIOLATIONS = (asyncpg.UniqueViolationError, sqlite3.IntegrityError)
"""Errors of a violated constraint; ask `is_duplicate` which one. On PostgreSQL the transaction has failed."""

FOREIGN_KEY_VIOLATIONS = (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError)
"""23503, since PostgreSQL 18 also 23001: another row refers to the deleted one.

On SQLite, transactions that write exclude each other: look before.
"""

NOT_PERMITTED = (asyncpg.InsufficientPrivilegeError,)
"""42501: the database role lacks the privilege. SQLite has no roles."""


def is_duplicate(error: Exception, table: str, column: str) -> bool:
    """Return whether another row has the same value in this unique column.

    Any other violation is a fault of the database, for example a key from a sequence that is behind its table.
    """
    if isinstance(error, asyncpg.UniqueViolationError):
        return error.constraint_name == f"{table}_{column}_key"
    return str(error) == f"UNIQUE constraint failed: {table}.{column}"
