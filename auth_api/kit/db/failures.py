"""Classification of database errors.

Only outages may open the circuit breaker: five duplicate e-mail addresses, five slow statements behind one row lock, a
full pool or a full disk must not take down the service for everyone.
"""

import sqlite3
from typing import Final

import asyncpg

from auth_api.kit.errors import DatabaseUnavailableException

_OUTAGES: Final = (
    OSError,  # refused, reset, unreachable; TimeoutError is one too
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.OperatorInterventionError,  # class 57: shutting down, starting up
    asyncpg.InsufficientResourcesError,  # class 53: disk full, too many connections
    asyncpg.InternalServerError,  # class XX
    asyncpg.PostgresIOError,  # class 58
    asyncpg.InvalidAuthorizationSpecificationError,  # class 28: the password was changed
    asyncpg.InvalidCatalogNameError,  # 3D000: the database itself does not exist
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a primary that was demoted
    asyncpg.InternalClientError,  # protocol error: the server's last message came before the statement was sent
)

LOST_CONNECTIONS: Final = (
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.AdminShutdownError,  # 57P01: the session was terminated, or the server is shutting down
    asyncpg.CrashShutdownError,  # 57P02
    asyncpg.InterfaceError,  # the connection is closed
    asyncpg.InternalClientError,
    ConnectionError,
)
"""The connection is dead. A statement that was not sent yet, or only reads, may be executed on another connection."""

_POOL_INVALIDATIONS: Final = (
    *LOST_CONNECTIONS,
    TimeoutError,  # not even the server's own time limit ended the statement: the connection is half-open
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.CannotConnectNowError,
)

_TOO_SLOW: Final = (
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
    asyncpg.LockNotAvailableError,  # 55P03: lock_timeout
)

_UNMIGRATED: Final = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
"""The database works, but its schema is not (yet) the one of this version."""

_NO_SPACE: Final = (asyncpg.DiskFullError,)

# Primary result codes: IOERR, CORRUPT, CANTOPEN, NOTADB.
_SQLITE_OUTAGES: Final = frozenset({10, 11, 14, 26})
# BUSY, LOCKED, READONLY, FULL.
_SQLITE_WRITES_REFUSED: Final = frozenset({5, 6, 8, 13})
# IOERR_WRITE, IOERR_FSYNC, IOERR_DIR_FSYNC, IOERR_TRUNCATE: a quota is used up, or the disk is failing.
_SQLITE_WRITES_FAILED: Final = frozenset({778, 1034, 1290, 1546})
SQLITE_READONLY_DBMOVED: Final = 1032
"""The file is no longer where it was opened."""
_PRIMARY_CODE: Final = 0xFF

CONFLICTS: Final = (
    asyncpg.DeadlockDetectedError,  # 40P01
    asyncpg.SerializationError,  # 40001
    asyncpg.ForeignKeyViolationError,  # 23503: the referenced row was deleted concurrently; a new attempt sees that
    asyncpg.InvalidCachedStatementError,  # a migration changed the table of a prepared statement
)
"""The transaction was rolled back completely and may be repeated."""


def is_outage(error: Exception) -> bool:
    """Return whether the error means that the database cannot work for any request at present."""
    if isinstance(error, _TOO_SLOW + _NO_SPACE):
        return False
    if isinstance(error, _OUTAGES):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return not _is_usage_error(error)
    if isinstance(error, sqlite3.DatabaseError):
        code = _code_of(error)
        return code == SQLITE_READONLY_DBMOVED or (
            code not in _SQLITE_WRITES_FAILED and code & _PRIMARY_CODE in _SQLITE_OUTAGES
        )
    return False


def is_write_refusal(error: Exception) -> bool:
    """Return whether the error means that the database refuses changes at present, while reads work.

    A full disk, or a lock held by another process, is 503 for writes; it must not open the breaker for reads.
    """
    if isinstance(error, sqlite3.DatabaseError) and not is_outage(error):
        code = _code_of(error)
        return code in _SQLITE_WRITES_FAILED or code & _PRIMARY_CODE in _SQLITE_WRITES_REFUSED
    return isinstance(error, _NO_SPACE)


def invalidates_pool(error: BaseException) -> bool:
    """Return whether all connections of the pool must be replaced: they may lead to a server that no longer runs.

    New connections go to the address that the host name has by then. Too many connections on the server do not count.
    """
    return isinstance(error, _POOL_INVALIDATIONS) and not _is_usage_error(error)


def translate(error: Exception) -> Exception | None:
    """Return the error for clients: 503 for outages, cancelled statements, lasting conflicts and missing tables."""
    if (
        is_outage(error)
        or is_write_refusal(error)
        or isinstance(error, _TOO_SLOW + CONFLICTS + _UNMIGRATED)
        or _lacks_table(error)
    ):
        return DatabaseUnavailableException()
    return None


def _is_usage_error(error: BaseException) -> bool:
    """Return whether an `InterfaceError` is a bug in the call: a lost connection's text has no "argument" in it."""
    return isinstance(error, asyncpg.InterfaceError) and "argument" in str(error)


def _code_of(error: sqlite3.DatabaseError) -> int:
    return getattr(error, "sqlite_errorcode", 0)


def _lacks_table(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(("no such table", "no such column"))
