"""Which errors mean that the database is down, and which of the others a client is not to see."""

import sqlite3
from typing import Any

import asyncpg
import pytest

from auth_api.kit.db.failures import is_outage, refuses_writes, translate
from auth_api.kit.errors import DatabaseUnavailableException, ServerOverloadedException


def sqlite_error(code: int, text: str = "", kind: type[sqlite3.DatabaseError] = sqlite3.OperationalError) -> Exception:
    error: Any = kind(text)
    error.sqlite_errorcode = code
    return error  # type: ignore[no-any-return]


OUTAGES: dict[str, Exception] = {
    "connection refused": ConnectionRefusedError(),
    "connection reset": ConnectionResetError(),
    "no answer in time": TimeoutError(),
    "no route": OSError(113, "No route to host"),
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

NOT_FOR_CLIENTS: dict[str, Exception] = {
    "57014, the statement's time is up": asyncpg.QueryCanceledError(),
    "55P03, the wait for a lock is over": asyncpg.LockNotAvailableError(),
    "40P01": asyncpg.DeadlockDetectedError(),
    "40001": asyncpg.SerializationError(),
    "23503": asyncpg.ForeignKeyViolationError(),
    "a statement prepared before a migration": asyncpg.InvalidCachedStatementError(),
    "42P01": asyncpg.UndefinedTableError(),
    "42703": asyncpg.UndefinedColumnError(),
    "SQLite has no such table": sqlite_error(1, "no such table: users"),
    "SQLite has no such column": sqlite_error(1, "no such column: locale"),
}

ANSWERS: dict[str, Exception] = {
    "23505": asyncpg.UniqueViolationError(),
    "23502": asyncpg.NotNullViolationError(),
    "22P02": asyncpg.InvalidTextRepresentationError(),
    "22021": asyncpg.CharacterNotInRepertoireError(),
    "42601": asyncpg.PostgresSyntaxError(),
    "25P02": asyncpg.InFailedSQLTransactionError(),
    "42501": asyncpg.InsufficientPrivilegeError(),
    "a value of the wrong type": asyncpg.DataError("invalid input for query argument $1: 'x' (an integer is required)"),
    "too few values": asyncpg.InterfaceError("the server expects 1 argument for this query, 0 were passed"),
    "SQLITE_CONSTRAINT_UNIQUE": sqlite_error(2067, kind=sqlite3.IntegrityError),
    "SQLITE_ERROR": sqlite_error(1, 'near "SELEC": syntax error'),
    "SQLITE_MISMATCH": sqlite_error(20, kind=sqlite3.IntegrityError),
    "an error of sqlite3 itself": sqlite3.ProgrammingError("Incorrect number of bindings supplied."),
    "a full pool": ServerOverloadedException(),
    "a mistake of ours": ValueError("invalid literal"),
    "a missing key": KeyError("id"),
}


@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
def test_an_outage_counts_and_is_unavailable(error: Exception) -> None:
    assert is_outage(error) is True
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", WRITES_REFUSED.values(), ids=WRITES_REFUSED)
def test_what_keeps_writers_alone_away_does_not_count_but_is_unavailable(error: Exception) -> None:
    """Who reads is served meanwhile, and an open breaker would keep them away as well."""
    assert refuses_writes(error) is True
    assert is_outage(error) is False
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
def test_what_keeps_everybody_away_is_more_than_refused_writes(error: Exception) -> None:
    assert refuses_writes(error) is False


@pytest.mark.parametrize("error", NOT_FOR_CLIENTS.values(), ids=NOT_FOR_CLIENTS)
def test_what_one_request_met_does_not_count_but_is_unavailable(error: Exception) -> None:
    """Five slow statements behind one row lock must not take the service down for everybody."""
    assert is_outage(error) is False
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_does_not_count_and_stays_what_it_is(error: Exception) -> None:
    assert is_outage(error) is False
    assert translate(error) is None
