"""Recognises what a unique constraint refused, on both engines."""

import sqlite3

import asyncpg

UNIQUE_VIOLATIONS = (asyncpg.UniqueViolationError, sqlite3.IntegrityError)
"""To catch around a statement that can violate nothing else. On PostgreSQL the transaction is lost."""
