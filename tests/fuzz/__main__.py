"""Sends generated requests to a real server on each database: `python -m tests.fuzz SCHEMATHESIS [ENGINE …]`.

Every operation of the OpenAPI document gets what its schema allows and what it forbids, from nobody and from somebody
who is logged in. No answer may be a 5xx or a status, a header or a document that the OpenAPI document does not know;
what the schema forbids is refused; a padlock holds.

What the schema allows may still be refused: no schema tells a mailed token from an invented one.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.deployment import Deployment
from tests.support.postgres import PostgresServer, create_database

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "100")
"""Of each operation and phase, at most."""

ENVIRONMENT: dict[str, Any] = {
    "ENVIRONMENT": "development",  # all operations, those by mail as well
    "DOCS_ENABLED": "true",
    "RATE_LIMIT_ENABLED": "",
    "RATE_LIMIT_FACTOR": "100000",
    "PASSWORD_HASH_MEMORY_KIB": "64",
    "PASSWORD_HASH_ITERATIONS": "1",
    "LOG_LEVEL": "WARNING",
}


@contextmanager
def deployed(engine: str) -> Iterator[Deployment]:
    """Make an empty folder and a database in it, or on a PostgreSQL server of its own."""
    with TemporaryDirectory(prefix="auth-api-fuzz-") as name:
        folder = Path(name)
        if engine == "sqlite":
            yield Deployment(folder, f"sqlite:///{folder / 'auth.db'}")
            return
        with PostgresServer() as server:
            deployment = Deployment(folder, asyncio.run(create_database(server.url(), "fuzz")))
            deployment.command("migrate").check_returncode()
            yield deployment


def say(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


def fuzzed(schemathesis: Path, url: str, somebody: str, folder: Path) -> bool:
    """Run Schemathesis, which prints what it finds, and tell whether all is well."""
    command = [str(schemathesis), "run", f"{url}/schema/openapi.json", "--seed", "1", "--max-examples", EXAMPLES]
    command += ["--checks", "all", "--exclude-checks", "positive_data_acceptance"]
    command += ["--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all"]
    hooks = {
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "FUZZ_URL": url,
        "FUZZ_AS": somebody,
        "PYTHONPATH": str(Path.cwd()),
    }
    return subprocess.run(command, cwd=folder, env={**os.environ, **hooks}, check=False).returncode == 0


def main(schemathesis: Path, engines: list[str]) -> int:
    """Return the status to exit with."""
    failed = []
    for engine in engines:
        with deployed(engine) as deployment, deployment.server(**ENVIRONMENT) as server:
            for somebody in ("nobody", "somebody"):
                say(f"=== {engine}, requests of {somebody}")
                if not fuzzed(schemathesis, server.url, somebody, deployment.folder):
                    failed.append(f"{engine}, {somebody}")
    say(f"Failed: {'; '.join(failed)}" if failed else "All is well.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:] or ["sqlite", "postgres"]))
