"""A SQLite connection that keeps what it has acknowledged, on a file that stays in its place."""

import contextlib
import json
import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from auth_api.kit.clock import utc_now
from auth_api.kit.db.meanings import SQLITE_READONLY_DBMOVED


def create_private_file(path: str) -> None:
    """Create the file unless it exists, readable only by its owner: it will contain password hashes."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class DurableConnection(sqlite3.Connection):
    """A connection with the settings and functions that the application needs.

    It opens only an existing file, and executes nothing once the file was moved, removed or replaced: SQLite itself
    would continue, and everything that it acknowledges would be lost at the next start.

    In WAL mode readers and the writer do not block each other; `synchronous = FULL` keeps committed transactions after
    a power failure. The SQL functions behave as on PostgreSQL, with times in the text form that Piccolo stores.
    """

    def __init__(self, database: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(f"{Path(database).absolute().as_uri()}?mode=rw", *args, **{**kwargs, "uri": True})
        self._path = database
        self._identity = _file_identity(database)
        for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
            self.execute(f"PRAGMA {pragma}").close()
        self.create_function("clock_timestamp", 0, lambda: str(utc_now()))
        self.create_function("date_part", 2, _date_part)
        self.create_function("json_extract_path_text", 2, _json_text)
        self.create_function("make_interval", 7, _make_interval)
        self.create_function("timestamptz_pl_interval", 2, _add)
        self.create_aggregate("string_agg", 2, _StringAggregate)  # type: ignore[arg-type] # the values are texts
        self.create_function("pg_try_advisory_xact_lock", 1, lambda _: True)  # only one transaction writes at a time

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement.

        Raises:
            sqlite3.OperationalError: with READONLY_DBMOVED, if the file was moved, removed or replaced.
        """
        if _file_identity(self._path) != self._identity:
            error = sqlite3.OperationalError("the file is not the one that was opened: put it back, or restart")
            error.sqlite_errorcode, error.sqlite_errorname = SQLITE_READONLY_DBMOVED, "SQLITE_READONLY_DBMOVED"
            raise error
        return super().execute(sql, parameters)


class _StringAggregate:
    """The aggregate function of PostgreSQL, which SQLite has since 3.44. Null values are left out."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._separator = ""

    def step(self, value: str | None, separator: str) -> None:
        self._separator = separator
        if value is not None:
            self._values.append(value)

    def finalize(self) -> str | None:
        return self._separator.join(self._values) if self._values else None


def _file_identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - creating a Path would cost more than the system call
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _json_text(document: str | None, name: str) -> str | None:
    """Return a string member of a JSON object, as PostgreSQL's function with this name does."""
    value = json.loads(document).get(name) if document is not None else None
    return value if isinstance(value, str) else None


def _make_interval(*parts: float | None) -> float | None:
    """Return the seconds, the only part that the application's statements use."""
    return parts[-1]


def _add(time: str, seconds: float | None) -> str | None:
    return None if seconds is None else str(datetime.fromisoformat(time) + timedelta(seconds=seconds))


def _date_part(field: str, time: str) -> float | None:
    return datetime.fromisoformat(time).timestamp() if field == "epoch" else None
