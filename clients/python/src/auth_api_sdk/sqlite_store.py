"""A store for sites with several processes on one machine."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from auth_api_sdk.models import Tokens

_BUSY_SECONDS: Final = 10.0


class SqliteStore:
    """Keeps tokens in a file of SQLite, which several processes of one machine may share.

    The file is readable only by its owner. Tokens that can no longer be refreshed are removed with the next login.

    Args:
        path: the file, which is created if it is missing.
        key: whose tokens: the id of the session of your site, not one that a visitor chooses.
    """

    def __init__(self, path: str | Path, key: str) -> None:
        self._path = Path(path)
        self._key = key

    def load(self) -> Tokens | None:
        """Return the tokens; None if there are none."""
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT tokens FROM tokens WHERE key = ?", [self._key]).fetchone()
        return None if row is None else Tokens.from_json(row[0])

    def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
        """Store tokens in place of those with this refresh token, None for an empty store."""
        values = [tokens.refresh_token, tokens.received_at + tokens.refresh_expires_in, tokens.to_json(), self._key]
        with closing(self._connect()) as connection, connection:
            if old_refresh_token is not None:
                update = (
                    "UPDATE tokens SET refresh_token = ?, ends_at = ?, tokens = ? WHERE key = ? AND refresh_token = ?"
                )
                return connection.execute(update, [*values, old_refresh_token]).rowcount == 1
            connection.execute("DELETE FROM tokens WHERE ends_at < ?", [time.time()])
            insert = "INSERT OR IGNORE INTO tokens (refresh_token, ends_at, tokens, key) VALUES (?, ?, ?, ?)"
            return connection.execute(insert, values).rowcount == 1

    def clear(self, old_refresh_token: str) -> None:
        """Remove the tokens with this refresh token; others stay."""
        with closing(self._connect()) as connection, connection:
            connection.execute("DELETE FROM tokens WHERE key = ? AND refresh_token = ?", [self._key, old_refresh_token])

    def _connect(self) -> sqlite3.Connection:
        self._path.touch(0o600)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS tokens"
            " (key TEXT PRIMARY KEY, refresh_token TEXT NOT NULL, ends_at REAL NOT NULL, tokens TEXT NOT NULL)"
        )
        return connection
