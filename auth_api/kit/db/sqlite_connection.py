"""A SQLite connection that keeps what it acknowledges, on a file that stays where it is."""

import contextlib
import json
import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from auth_api.kit.clock import utc_now
from auth_api.kit.db.failures import MOVED


def create_private(path: str) -> None:
    """Make the file, if there is none: password hashes are nobody else's business on this machine."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class DurableConnection(sqlite3.Connection):
    """A connection as this application needs every one of them.

    It opens a file that is there and never makes one, and asks nothing of a file that is no longer in its place: SQLite
    itself would go on, and what it acknowledges would be gone with the next start.

    WAL lets readers and the writer work side by side; `synchronous = FULL` keeps what was committed through a power
    cut. The functions are what they are on PostgreSQL, with times in the text form that Piccolo stores.
    """

    def __init__(self, database: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(f"{Path(database).absolute().as_uri()}?mode=rw", *args, **{**kwargs, "uri": True})
        self._path = database
        self._identity = _identity(database)
        for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
            self.execute(f"PRAGMA {pragma}").close()
        self.create_function("clock_timestamp", 0, lambda: str(utc_now()))
        self.create_function("date_part", 2, _date_part)
        self.create_function("json_extract_path_text", 2, _json_text)
        self.create_function("make_interval", 7, _make_interval)
        self.create_function("timestamptz_pl_interval", 2, _add)
        self.create_function("pg_try_advisory_xact_lock", 1, lambda _: True)  # writers are alone here

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement.

        Raises:
            sqlite3.OperationalError: with READONLY_DBMOVED, where the file was moved, removed or replaced.
        """
        if _identity(self._path) != self._identity:
            error = sqlite3.OperationalError("the file is not the one that was opened: put it back, or restart")
            error.sqlite_errorcode, error.sqlite_errorname = MOVED, "SQLITE_READONLY_DBMOVED"
            raise error
        return super().execute(sql, parameters)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path would cost more than the look itself
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _json_text(document: str | None, name: str) -> str | None:
    """Return a text of a JSON object, as PostgreSQL's function of this name does."""
    value = json.loads(document).get(name) if document is not None else None
    return value if isinstance(value, str) else None


def _make_interval(*parts: float) -> float:
    """Return the seconds, which is the only part that is used here."""
    return parts[-1]


def _add(moment: str, seconds: float) -> str:
    return str(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def _date_part(field: str, moment: str) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if field == "epoch" else None
