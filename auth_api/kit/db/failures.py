"""Tells an outage of the database from an answer of it.

Only outages may open the breaker: five duplicate addresses, five slow statements behind one row lock or a full pool
must not take the service down for everybody.
"""

import sqlite3

import asyncpg

from auth_api.kit.errors import DatabaseUnavailableException

_OUTAGES = (
    OSError,  # refused, reset, unreachable; TimeoutError is one too
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.OperatorInterventionError,  # class 57: shutting down, starting up
    asyncpg.InsufficientResourcesError,  # class 53: disk full, too many connections
    asyncpg.InternalServerError,  # class XX
    asyncpg.PostgresIOError,  # class 58
    asyncpg.InvalidAuthorizationSpecificationError,  # class 28: the password was changed under us
    asyncpg.InvalidCatalogNameError,  # 3D000: the database itself is not there
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a primary that was demoted
    asyncpg.InternalClientError,  # the protocol out of step: the server's last words came before the statement's turn
)

_TOO_SLOW = (
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
    asyncpg.LockNotAvailableError,  # 55P03: lock_timeout
)

_UNMIGRATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
"""The database answers, but is not (yet) the one this version needs."""

# Primary result codes: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB.
_SQLITE_OUTAGES = frozenset({5, 6, 8, 10, 11, 13, 14, 26})
_PRIMARY_CODE = 0xFF

CONFLICTS = (
    asyncpg.DeadlockDetectedError,  # 40P01
    asyncpg.SerializationError,  # 40001
    asyncpg.ForeignKeyViolationError,  # 23503: what a row refers to was deleted meanwhile; the next attempt sees that
    asyncpg.InvalidCachedStatementError,  # a migration changed a table under a prepared statement
)
"""The transaction was rolled back whole and may be repeated."""


def is_outage(error: Exception) -> bool:
    """Tell whether the error means that the database cannot work for anybody at present."""
    if isinstance(error, _TOO_SLOW):
        return False
    if isinstance(error, _OUTAGES):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        # A lost connection; "argument" is in the text where the mistake is ours.
        return "argument" not in str(error)
    if isinstance(error, sqlite3.DatabaseError):
        return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _SQLITE_OUTAGES
    return False


def translate(error: Exception) -> Exception | None:
    """Turn an outage, a cancelled statement, a conflict that stayed or a missing table into what a client may know."""
    if is_outage(error) or isinstance(error, _TOO_SLOW + CONFLICTS + _UNMIGRATED) or _lacks_table(error):
        return DatabaseUnavailableException()
    return None


def _lacks_table(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(("no such table", "no such column"))
