"""Sends generated requests to a real server on each database: `python -m tests.fuzz SCHEMATHESIS [ENGINE …]`.

Every operation of the OpenAPI document gets requests that its schema allows and requests that it forbids, with and
without an access token. A response must not be a 5xx, and its status, headers and body must be documented. Requests
that the schema forbids must be refused, and so must requests without a token where one is required.

A request that the schema allows may still be refused, as a schema cannot tell a mailed token from an invented one. But
every operation must have succeeded at least once, or its limits and checks have hidden the code behind them.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.fuzz.factors import use_factors
from tests.fuzz.odd_requests import OddClient
from tests.support.deployment import Deployment
from tests.support.passkeys import ORIGIN, RP_ID
from tests.support.postgres import PostgresServer, create_database

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "100")
"""Maximum number of examples of each operation and phase."""

ENVIRONMENT: dict[str, Any] = {
    "ENVIRONMENT": "development",  # all operations, including those that need mail
    "DOCS_ENABLED": "true",
    "RATE_LIMIT_ENABLED": "",
    "RATE_LIMIT_FACTOR": "100000",
    "PASSWORD_HASH_MEMORY_KIB": "64",
    "PASSWORD_HASH_ITERATIONS": "1",
    "LOG_LEVEL": "WARNING",
    "PASSKEY_RP_ID": RP_ID,
    "PASSKEY_ORIGINS": ORIGIN,
}


@contextmanager
def deployed(engine: str) -> Iterator[Deployment]:
    """Create a deployment with an empty database, on PostgreSQL with a server of its own."""
    with TemporaryDirectory(prefix="auth-api-fuzz-") as name:
        folder = Path(name)
        if engine == "sqlite":
            yield Deployment(folder, f"sqlite:///{folder / 'auth.db'}")
            return
        with PostgresServer() as server:
            deployment = Deployment(folder, asyncio.run(create_database(server.url(), "fuzz")))
            deployment.command("migrate").check_returncode()
            yield deployment


def print_line(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


def passes(schemathesis: Path, url: str, caller: str, folder: Path) -> bool:
    """Run Schemathesis, which prints the failures, and return whether there are none."""
    command = [str(schemathesis), "--config-file", str(Path(__file__).with_name("schemathesis.toml"))]
    command += ["run", f"{url}/schema/openapi.json", "--seed", "1", "--max-examples", EXAMPLES]
    command += ["--checks", "all", "--exclude-checks", "positive_data_acceptance"]
    command += ["--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all"]
    hooks = {
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "FUZZ_URL": url,
        "FUZZ_AS": caller,
        "PYTHONPATH": str(Path.cwd()),
    }
    return subprocess.run(command, cwd=folder, env={**os.environ, **hooks}, check=False).returncode == 0


def odd_requests_pass(url: str, document: dict[str, Any]) -> bool:
    """Send the requests that Schemathesis does not generate, print the failures, and return whether there are none."""
    failures = list(OddClient(url, document).failures())
    for failure in failures:
        print_line(failure)
    return not failures


def operations_without_success(url: str, document: dict[str, Any]) -> list[str]:
    """Return the operations that have had no successful response, according to the metrics."""
    metrics = httpx.get(f"{url}/metrics", trust_env=False).text
    succeeded = set()
    for labels in re.findall(r"^auth_api_http_requests_total{(.*)}", metrics, re.MULTILINE):
        label = dict(re.findall(r'(\w+)="(.*?)"', labels))
        if label["status"].startswith("2"):
            succeeded.add(f"{label['method']} {label['route']}")
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    return sorted(described - succeeded)


def main(schemathesis: Path, engines: list[str]) -> int:
    """Return the exit status."""
    failed = []
    for engine in engines:
        with deployed(engine) as deployment, deployment.server(**ENVIRONMENT) as server:
            for caller in ("anonymous", "user"):
                print_line(f"=== {engine}, requests of caller {caller}")
                if not passes(schemathesis, server.url, caller, deployment.folder):
                    failed.append(f"{engine}, {caller}")
            asyncio.run(use_factors(server.url))
            document = httpx.get(f"{server.url}/schema/openapi.json", trust_env=False).json()
            print_line(f"=== {engine}, odd requests")
            if not odd_requests_pass(server.url, document):
                failed.append(f"{engine}, odd requests")
            if missing := operations_without_success(server.url, document):
                failed.append(f"{engine}, no success of {', '.join(missing)}")
    print_line(f"Failed: {'; '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:] or ["sqlite", "postgres"]))
