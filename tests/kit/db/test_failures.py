"""Classification of database errors: outages, errors that clients get as 503, and others."""

import sqlite3
import ssl
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from auth_api.kit.db.failures import InvalidCallError, explain, is_conflict, is_outage, translate
from auth_api.kit.db.meanings import Kind, Meaning, meaning_of
from auth_api.kit.errors import DatabaseUnavailableException, ServerOverloadedException
from tests.support.log_lines import logged


def sqlite_error(code: int, text: str = "", kind: type[sqlite3.DatabaseError] = sqlite3.OperationalError) -> Exception:
    error: Any = kind(text)
    error.sqlite_errorcode = code
    return error  # type: ignore[no-any-return]


OUTAGES: dict[str, Exception] = {
    "connection refused": ConnectionRefusedError(),
    "connection reset": ConnectionResetError(),
    "timeout": TimeoutError(),
    "no route to host": OSError(113, "No route to host"),
    "rejected TLS": ConnectionError('PostgreSQL server at "db:5432" rejected SSL upgrade'),
    "08003": asyncpg.ConnectionDoesNotExistError(),
    "08006": asyncpg.ConnectionFailureError(),
    "25006": asyncpg.ReadOnlySQLTransactionError(),
    "55000": asyncpg.ObjectNotInPrerequisiteStateError(),
    "53200": asyncpg.OutOfMemoryError(),
    "53300": asyncpg.TooManyConnectionsError(),
    "57P01": asyncpg.AdminShutdownError(),
    "57P02": asyncpg.CrashShutdownError(),
    "57P03": asyncpg.CannotConnectNowError(),
    "58030": asyncpg.PostgresIOError(),
    "XX000": asyncpg.InternalServerError(),
    "XX001": asyncpg.DataCorruptedError(),
    "closed connection": asyncpg.InterfaceError("connection is closed"),
    "no primary": asyncpg.TargetServerAttributeNotMatched(),
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

UNUSABLE: dict[str, Exception] = {
    "08P01": asyncpg.ProtocolViolationError("unsupported startup parameter: statement_timeout"),
    "28P01": asyncpg.InvalidPasswordError(),
    "28000": asyncpg.InvalidAuthorizationSpecificationError(),
    "3D000": asyncpg.InvalidCatalogNameError(),
    "22023": asyncpg.InvalidParameterValueError(),
    "42704": asyncpg.UndefinedObjectError(),
    "55P02": asyncpg.CantChangeRuntimeParamError(),
    "invalid parameter": asyncpg.ClientConfigurationError("hunter2"),
}
"""Outages until an operator changes something."""

CONFLICTS: dict[str, Exception] = {
    "40P01": asyncpg.DeadlockDetectedError(),
    "40001": asyncpg.SerializationError(),
    "23503": asyncpg.ForeignKeyViolationError(),
    "26000": asyncpg.InvalidSQLStatementNameError(),
    "42P05": asyncpg.DuplicatePreparedStatementError(),
    "statement prepared before a migration": asyncpg.InvalidCachedStatementError(),
}

FAULTS: dict[str, Exception] = {
    "2200H": asyncpg.SequenceGeneratorLimitExceededError(),
    "22P05": asyncpg.UntranslatableCharacterError(),
    "23505": asyncpg.UniqueViolationError(),
    "3F000": asyncpg.InvalidSchemaNameError(),
    "42501": asyncpg.InsufficientPrivilegeError(),
    "42701": asyncpg.DuplicateColumnError(),
    "42703": asyncpg.UndefinedColumnError(),
    "42710": asyncpg.DuplicateObjectError(),
    "42P01": asyncpg.UndefinedTableError(),
    "42P07": asyncpg.DuplicateTableError(),
    "SQLite has no such table": sqlite_error(1, "no such table: users"),
    "SQLite has no such column": sqlite_error(1, "no such column: locale"),
    "SQLite has the table already": sqlite_error(1, "table users already exists"),
}
"""Some statements fail until an operator changes something."""

BUSY: dict[str, Exception] = {
    "25P04 transaction timeout": asyncpg.TransactionTimeoutError(),
    "55006": asyncpg.ObjectInUseError(),
    "72000": asyncpg.SnapshotTooOldError(),
    "57014 statement timeout": asyncpg.QueryCanceledError(),
    "55P03 lock timeout": asyncpg.LockNotAvailableError(),
}

COUNTED: dict[str, Exception] = {**OUTAGES, **UNUSABLE}
UNCOUNTED: dict[str, Exception] = {**CONFLICTS, **FAULTS, **BUSY}
EXPLAINED: dict[str, Exception] = {**COUNTED, **WRITES_REFUSED, **UNCOUNTED}

OTHER_ERRORS: dict[str, Exception] = {
    "23502": asyncpg.NotNullViolationError(),
    "22P02": asyncpg.InvalidTextRepresentationError(),
    "22021": asyncpg.CharacterNotInRepertoireError(),
    "42601": asyncpg.PostgresSyntaxError(),
    "25P02": asyncpg.InFailedSQLTransactionError(),
    "value of the wrong type": asyncpg.DataError("invalid input for query argument $1: 'x' (an integer is required)"),
    "too few values": InvalidCallError(),
    "SQLITE_CONSTRAINT_UNIQUE": sqlite_error(2067, kind=sqlite3.IntegrityError),
    "module 'sqlite3' without a code": sqlite3.OperationalError("no such table: x"),
    "SQLITE_ERROR": sqlite_error(1, 'near "SELEC": syntax error'),
    "SQLITE_MISMATCH": sqlite_error(20, kind=sqlite3.IntegrityError),
    "error of the sqlite3 module": sqlite3.ProgrammingError("Incorrect number of bindings supplied."),
    "full pool": ServerOverloadedException(),
    "ValueError": ValueError("invalid literal"),
    "KeyError": KeyError("id"),
}


def kind_of(error: Exception) -> Kind | None:
    meaning: Meaning | None = meaning_of(error)
    return meaning.kind if meaning is not None else None


@pytest.mark.parametrize("error", COUNTED.values(), ids=COUNTED)
def test_outage_counts_and_is_translated(error: Exception) -> None:
    assert is_outage(error) is True
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", WRITES_REFUSED.values(), ids=WRITES_REFUSED)
def test_write_refusal_does_not_count_and_is_translated(error: Exception) -> None:
    """Reads still work, and an open breaker would reject them too."""
    assert kind_of(error) is Kind.WRITES_REFUSED
    assert is_outage(error) is False
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
def test_outage_is_not_a_write_refusal(error: Exception) -> None:
    assert kind_of(error) is Kind.OUTAGE


@pytest.mark.parametrize("error", UNCOUNTED.values(), ids=UNCOUNTED)
def test_error_of_one_request_does_not_count_and_is_translated(error: Exception) -> None:
    """Five slow statements behind one row lock must not take down the service."""
    assert is_outage(error) is False
    assert type(translate(error)) is DatabaseUnavailableException


@pytest.mark.parametrize("error", OTHER_ERRORS.values(), ids=OTHER_ERRORS)
def test_other_error_does_not_count_and_is_not_translated(error: Exception) -> None:
    assert is_outage(error) is False
    assert translate(error) is None


@pytest.mark.parametrize("name", EXPLAINED)
def test_only_conflicts_are_repeated(name: str) -> None:
    assert is_conflict(EXPLAINED[name]) is (name in CONFLICTS)


@pytest.mark.parametrize("error", EXPLAINED.values(), ids=EXPLAINED)
def test_explanation_names_reason_and_fix_without_the_drivers_words(error: Exception) -> None:
    reason, fix = explain(error)

    assert reason
    assert fix.endswith((".", "…"))
    text = reason + fix
    assert "hunter2" not in text
    assert type(error).__name__ not in text


@pytest.mark.parametrize("name", EXPLAINED)
def test_only_faults_of_the_set_up_are_logged_with_their_fix(name: str) -> None:
    with logged("ERROR") as lines:
        translate(EXPLAINED[name])

    events = [(line["event"], line["remedy"]) for line in lines]
    fix = explain(EXPLAINED[name])[1]
    assert events == ([("database:misconfigured", fix)] if name in {*FAULTS, *UNUSABLE} else [])


def test_violated_constraint_is_logged_by_name() -> None:
    error = asyncpg.UniqueViolationError()
    error.constraint_name = "users_pkey"

    with logged("ERROR") as lines:
        translate(error)

    assert (lines[0]["database_code"], lines[0]["constraint"]) == ("23505", "users_pkey")


@pytest.mark.parametrize("load", ["load_verify_locations", "load_cert_chain"])
def test_file_that_is_not_pem_is_explained(tmp_path: Path, load: str) -> None:
    """The server accepts TLS: only a file that DATABASE_URL names is wrong."""
    path = tmp_path / "file.pem"
    path.write_text("hunter2")
    with pytest.raises(ssl.SSLError) as raised:
        getattr(ssl.create_default_context(), load)(path)

    reason, fix = explain(raised.value)

    assert reason == "the TLS connection failed"
    assert "the PEM files of sslrootcert, sslcert, sslkey and sslcrl" in fix
