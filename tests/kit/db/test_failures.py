"""Classification of database errors: outages, errors that clients get as 503, and others."""

import sqlite3
from typing import Any

import asyncpg
import pytest

from auth_api.kit.db.failures import is_outage, is_write_refusal, translate
from auth_api.kit.errors import DatabaseUnavailableException, ServerOverloadedException


def sqlite_error(code: int, text: str = "", kind: type[sqlite3.DatabaseError] = sqlite3.OperationalError) -> Exception:
    error: Any = kind(text)
    error.sqlite_errorcode = code
    return error  # type: ignore[no-any-return]


OUTAGES: dict[str, Exception] = {
    "connection refused": ConnectionRefusedError(),
    "connection reset": ConnectionResetError(),
    "timeout": TimeoutError(),
    "no route to host": OSError(113, "No route to host"),
    "08003": asyncpg.ConnectionDoesNotExistError(),
    "08006": asyncpg.ConnectionFailureError(),
    "28P01": asyncpg.InvalidPasswordError(),
    "28000": asyncpg.InvalidAuthorizationSpecificationError(),
    "3D000": asyncpg.InvalidCatalogNameError(),
    "25006": asyncpg.ReadOnlySQLTransactionError(),
    "53200": asyncpg.OutOfMemoryError(),
    "53300": asyncpg.TooManyConnectionsError(),
    "57P01": asyncpg.AdminShutdownError(),
    "57P02": asyncpg.CrashShutdownError(),
    "57P03": asyncpg.CannotConnectNowError(),
    "58030": asyncpg.PostgresIOError(),
    "XX000": asyncpg.InternalServerError(),
    "XX001": asyncpg.DataCorruptedError(),
    "closed connection": asyncpg.InterfaceError("connection is closed"),
    "SQLITE_READONLY_DBMOVED": sqlite_error(1032),
    "SQLITE_IOERR": sqlite_error(10),
    "SQLITE_CORRUPT": sqlite_error(11, kind=sqlite3.DatabaseError),
    "SQLITE_CANTOPEN": sqlite_error(14),
    "SQLITE_NOTADB": sqlite_error(26, kind=sqlite3.DatabaseError),
}

WRITES_REFUSED: dict[str, Exception] = {
    "53100": asyncpg.DiskFullError(),
    "SQLITE_BUSY": sqlite_error(5, "database is locked"),
    "SQLITE_BUSY_SNAPSHOT": sqlite_error(517),
    "SQLITE_LOCKED": sqlite_error(6),
    "SQLITE_READONLY": sqlite_error(8),
    "SQLITE_FULL": sqlite_error(13),
    "SQLITE_IOERR_WRITE": sqlite_error(778),
    "SQLITE_IOERR_FSYNC": sqlite_error(1034),
}

UNAVAILABLE: dict[str, Exception] = {
    "57014 statement timeout": asyncpg.QueryCanceledError(),
    "55P03 lock timeout": asyncpg.LockNotAvailableError(),
    "40P01": asyncpg.DeadlockDetectedError(),
    "40001": asyncpg.SerializationError(),
    "23503": asyncpg.ForeignKeyViolationError(),
    "statement prepared before a migration": asyncpg.InvalidCachedStatementError(),
    "42P01": asyncpg.UndefinedTableError(),
    "42703": asyncpg.UndefinedColumnError(),
    "SQLite has no such table": sqlite_error(1, "no such table: users"),
    "SQLite has no such column": sqlite_error(1, "no such column: locale"),
}

OTHER_ERRORS: dict[str, Exception] = {
    "23505": asyncpg.UniqueViolationError(),
    "23502": asyncpg.NotNullViolationError(),
    "22P02": asyncpg.InvalidTextRepresentationError(),
    "22021": asyncpg.CharacterNotInRepertoireError(),
    "42601": asyncpg.PostgresSyntaxError(),
    "25P02": asyncpg.InFailedSQLTransactionError(),
    "42501": asyncpg.InsufficientPrivilegeError(),
    "value of the wrong type": asyncpg.DataError("invalid input for query argument $1: 'x' (an integer is required)"),
    "too few values": asyncpg.InterfaceError("the server expects 1 argument for this query, 0 were passed"),
    "SQLITE_CONSTRAINT_UNIQUE": sqlite_error(2067, kind=sqlite3.IntegrityError),
    "SQLITE_ERROR": sqlite_error(1, 'near "SELEC": syntax error'),
    "SQLITE_MISMATCH": sqlite_error(20, kind=sqlite3.IntegrityError),
    "error of the sqlite3 module": sqlite3.ProgrammingError("Incorrect number of bindings supplied."),
    "full pool": ServerOverloadedException(),
    "ValueError": ValueError("invalid literal"),
    "KeyError": KeyError("id"),
}


@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
def test_outage_counts_and_is_translated(error: Exception) -> None:
    assert is_outage(error) is True
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", WRITES_REFUSED.values(), ids=WRITES_REFUSED)
def test_write_refusal_does_not_count_and_is_translated(error: Exception) -> None:
    """Reads still work, and an open breaker would reject them too."""
    assert is_write_refusal(error) is True
    assert is_outage(error) is False
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
def test_outage_is_not_a_write_refusal(error: Exception) -> None:
    assert is_write_refusal(error) is False


@pytest.mark.parametrize("error", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_error_of_one_request_does_not_count_and_is_translated(error: Exception) -> None:
    """Five slow statements behind one row lock must not take down the service."""
    assert is_outage(error) is False
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", OTHER_ERRORS.values(), ids=OTHER_ERRORS)
def test_other_error_does_not_count_and_is_not_translated(error: Exception) -> None:
    assert is_outage(error) is False
    assert translate(error) is None
