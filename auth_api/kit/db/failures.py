"""Decisions about database errors, each from the error's meaning.

Only outages may open the circuit breaker: five duplicate e-mail addresses, five slow statements behind one row lock, a
full pool or a full disk must not take down the service for everyone.
"""

import sqlite3
from typing import Final

import asyncpg
from loguru import logger

from auth_api.kit.db.meanings import FILE_ERRORS, Kind, Meaning, meaning_of
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.postgres_files import unreadable_file
from auth_api.kit.errors import DatabaseUnavailableException

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


MOVED_STATEMENTS: Final = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
"""26000, 42P05: a pooler uses a prepared statement on another connection. It was not executed."""

DATABASE_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
    OSError,
    UnicodeError,
)
"""All errors of the drivers."""


class InvalidCallError(Exception):
    """A statement was called in an invalid way, for example with too few values: a bug of this program."""


def is_outage(error: Exception) -> bool:
    """Return whether the error means that the database cannot work for any request at present."""
    return _is(error, Kind.OUTAGE, Kind.UNUSABLE)


def is_conflict(error: Exception) -> bool:
    """Return whether the transaction was rolled back completely and may be repeated."""
    return _is(error, Kind.CONFLICT)


def is_set_up_fault(error: Exception) -> bool:
    """Return whether statements fail until an operator changes something."""
    return _is(error, Kind.FAULT, Kind.UNUSABLE)


def invalidates_pool(error: BaseException) -> bool:
    """Return whether all connections of the pool must be replaced: they may lead to a server that no longer runs.

    New connections go to the address that the host name has by then. Too many connections on the server do not count.
    """
    return isinstance(error, _POOL_INVALIDATIONS) and meaning_of(error) is not None


def translate(error: Exception) -> Exception | None:
    """Return the error for clients, which is 503 for all errors but bugs, and log a fault of the set-up."""
    meaning = meaning_of(error)
    if meaning is None:
        return None
    if is_set_up_fault(error):
        _report(error, meaning)
    return DatabaseUnavailableException()


def explain(error: BaseException, dsn: str | None = None) -> tuple[str, str]:
    """Return why the database cannot be used and the fix, for operators.

    Args:
        error: the error of the driver.
        dsn: the URL of PostgreSQL, to find the file that the error is about.
    """
    meaning = meaning_of(error)
    if (
        isinstance(error, (*FILE_ERRORS, asyncpg.ClientConfigurationError))
        and dsn is not None
        and (file := unreadable_file(dsn)) is not None
    ):
        fix = f"Correct {file.parameter} in DATABASE_URL, or the permissions of the file."
        return f"the file {file.path} cannot be read ({file.reason})", fix
    if meaning is None:
        return f"it cannot be used ({_code_of(error) or type(error).__name__})", "Read the log of the database."
    detail: str = getattr(error, "verify_message", "")  # of OpenSSL, about a certificate
    return f"{meaning.reason} ({detail})" if detail else meaning.reason, meaning.fix


def describe(policy: DatabasePolicy, error: BaseException) -> str:
    """Return one sentence or two for operators: which database cannot be used, why, and the fix."""
    if policy.postgres_dsn is not None:
        reason, fix = explain(error, policy.postgres_dsn)
        return f"PostgreSQL at {policy.place}: {reason}. {fix}"
    if isinstance(error, OSError) and error.strerror:
        reason, fix = error.strerror.lower(), "Check the path in DATABASE_URL and the permissions of its folder."
    else:
        reason, fix = explain(error)
    return f"The database {policy.place} cannot be used: {reason}. {fix}"


def _is(error: Exception, *kinds: Kind) -> bool:
    meaning = meaning_of(error)
    return meaning is not None and meaning.kind in kinds


def _code_of(error: BaseException) -> str | None:
    code: str | None = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return code


def _report(error: Exception, meaning: Meaning) -> None:
    """Log a fault of the set-up with its fix."""
    constraint = getattr(error, "constraint_name", None)
    logger.bind(
        event="database:misconfigured",
        error_type=type(error).__name__,
        database_code=_code_of(error),
        reason=meaning.reason,
        remedy=meaning.fix,
        **({"constraint": constraint} if constraint else {}),
    ).error("the database cannot be used with this set-up")
