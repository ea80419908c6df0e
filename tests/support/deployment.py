"""The product as an operator has it: a folder, a database, servers and commands on them."""

import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.processes import RunningServer, run_cli

SECRET = "a-secret-that-only-the-tests-know-0123456789"


@dataclass(frozen=True)
class Deployment:
    """A folder and a database of their own. SQLite's lies in the folder and is migrated by whoever opens it first."""

    folder: Path
    database_url: str

    @property
    def environ(self) -> dict[str, str]:
        """The variables that everything here runs with, unless others are given. Limits have tests of their own."""
        return {
            "ENVIRONMENT": "testing",
            "DATABASE_URL": self.database_url,
            "JWT_SECRET_KEY": SECRET,
            "RATE_LIMIT_ENABLED": "false",
        }

    def server(self, *, workers: int = 1, port: int | None = None, **variables: str) -> RunningServer:
        """Return a server, to be started by `with`; a variable that is given as an empty text is left out."""
        return RunningServer(self._environ(variables), self.folder, workers=workers, port=port)

    def command(self, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `auth-api` with these arguments to its end."""
        return run_cli(*arguments, env=self._environ(variables), cwd=self.folder, stdin=stdin)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database itself, past the product."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"))
            try:
                return connection.execute(query).fetchall()
            finally:
                connection.close()
        remote = await asyncpg.connect(self.database_url)
        try:
            return [tuple(row.values()) for row in await remote.fetch(query)]
        finally:
            await remote.close()

    def _environ(self, changed: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in {**self.environ, **changed}.items() if value}
