"""A deployment: a folder and a database, with servers and commands that use them."""

import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.processes import RunningServer, run_cli
from tests.support.waiting import TIMEOUT_SECONDS

SECRET = "a-secret-that-only-the-tests-know-0123456789"


@dataclass(frozen=True)
class Deployment:
    """A folder and a database. The SQLite file is in the folder; the first command or server migrates it.

    Attributes:
        time_limits: settings of time limits; without them, the limits have their defaults.
    """

    folder: Path
    database_url: str
    time_limits: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """Variables of servers and commands unless a test overrides them; limits are off."""
        return {
            "ENVIRONMENT": "testing",
            "DATABASE_URL": self.database_url,
            "JWT_SECRET_KEY": SECRET,
            "RATE_LIMIT_ENABLED": "false",
            **self.time_limits,
        }

    def server(self, *, workers: int = 1, port: int | None = None, **variables: str) -> RunningServer:
        """Return a server that `with` starts; an empty variable is removed."""
        return RunningServer(self._variables(variables), self.folder, workers=workers, port=port)

    def command(self, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `auth-api` with these arguments to its end; an empty variable is removed."""
        return run_cli(*arguments, env=self._variables(variables), cwd=self.folder, stdin=stdin)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query the database directly."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=TIMEOUT_SECONDS)
            try:
                return connection.execute(query).fetchall()
            finally:
                connection.close()
        remote = await asyncpg.connect(self.database_url)
        try:
            return [tuple(row.values()) for row in await remote.fetch(query)]
        finally:
            await remote.close()

    async def execute(self, statement: str) -> None:
        """Execute a statement directly, and commit."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=TIMEOUT_SECONDS)
            try:
                connection.execute(statement)
                connection.commit()
            finally:
                connection.close()
            return
        remote = await asyncpg.connect(self.database_url)
        try:
            await remote.execute(statement)
        finally:
            await remote.close()

    def _variables(self, changed: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in {**self.environ, **changed}.items() if value}
