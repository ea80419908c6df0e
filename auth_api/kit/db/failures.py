"""Tells an outage of the database from an answer of it.

Only outages may open the breaker: five duplicate addresses, five slow statements behind one row lock, a full pool or a
full disk must not take the service down for everybody.
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

LOST_CONNECTIONS = (
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.AdminShutdownError,  # 57P01: the session was ended, or the server is
    asyncpg.CrashShutdownError,  # 57P02
    asyncpg.InterfaceError,  # the client's side knows that it is closed
    asyncpg.InternalClientError,
    ConnectionError,
)
"""The connection at hand leads nowhere. What had not been asked of it yet, or asks only, may be asked on another."""

_LEADS_NOWHERE = (
    *LOST_CONNECTIONS,
    TimeoutError,  # not even the server's own time limit was answered with: half of the connection is gone
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.CannotConnectNowError,
)

_TOO_SLOW = (
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
    asyncpg.LockNotAvailableError,  # 55P03: lock_timeout
)

_UNMIGRATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
"""The database answers, but is not (yet) the one this version needs."""

_NO_SPACE = (asyncpg.DiskFullError,)

# Primary result codes: IOERR, CORRUPT, CANTOPEN, NOTADB.
_SQLITE_OUTAGES = frozenset({10, 11, 14, 26})
# BUSY, LOCKED, READONLY, FULL.
_SQLITE_WRITES_REFUSED = frozenset({5, 6, 8, 13})
# IOERR_WRITE, IOERR_FSYNC, IOERR_DIR_FSYNC, IOERR_TRUNCATE: a disk that is full in another way, or failing.
_SQLITE_WRITES_FAILED = frozenset({778, 1034, 1290, 1546})
MOVED = 1032
"""READONLY_DBMOVED: the file is no longer where it was opened."""
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
    if isinstance(error, _TOO_SLOW + _NO_SPACE):
        return False
    if isinstance(error, _OUTAGES):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return not _is_mistake(error)
    if isinstance(error, sqlite3.DatabaseError):
        code = _code_of(error)
        return code == MOVED or (code not in _SQLITE_WRITES_FAILED and code & _PRIMARY_CODE in _SQLITE_OUTAGES)
    return False


def refuses_writes(error: Exception) -> bool:
    """Tell whether the error means that the database takes no changes at present, while what it holds can be read.

    A full disk or a lock held by another process is 503 for who writes; it must not open the breaker for who reads.
    """
    if isinstance(error, sqlite3.DatabaseError) and not is_outage(error):
        code = _code_of(error)
        return code in _SQLITE_WRITES_FAILED or code & _PRIMARY_CODE in _SQLITE_WRITES_REFUSED
    return isinstance(error, _NO_SPACE)


def leads_nowhere(error: BaseException) -> bool:
    """Tell whether the pool's connections are no longer to be trusted: they may all lead to a server that is gone.

    New ones are then made, to wherever the name points by now. A server that has too many connections is no reason.
    """
    return isinstance(error, _LEADS_NOWHERE) and not _is_mistake(error)


def translate(error: Exception) -> Exception | None:
    """Turn an outage, a cancelled statement, a conflict that stayed or a missing table into what a client may know."""
    if (
        is_outage(error)
        or refuses_writes(error)
        or isinstance(error, _TOO_SLOW + CONFLICTS + _UNMIGRATED)
        or _lacks_table(error)
    ):
        return DatabaseUnavailableException()
    return None


def _is_mistake(error: BaseException) -> bool:
    """A lost connection is an `InterfaceError`, too; "argument" is in the text where the mistake is ours."""
    return isinstance(error, asyncpg.InterfaceError) and "argument" in str(error)


def _code_of(error: sqlite3.DatabaseError) -> int:
    return getattr(error, "sqlite_errorcode", 0)


def _lacks_table(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(("no such table", "no such column"))
