"""Measure the lists of the API for administrators on both engines: `python -m benchmarks.lists [--accounts NUMBER]`.

A time is the shortest of many whole requests in one process without a network, because other programs on the machine
disturb that least. Pages have the largest size and are in the middle of the list. Only the search by prefix has the
usual size.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from auth_api.app import create_app
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit import base64url
from auth_api.kit.clock import utc_now
from auth_api.kit.logging import configure_logging
from auth_api.roles.tables import UserRoleRow
from auth_api.settings import Settings
from auth_api.users.tables import UserRow
from benchmarks.contestants import PASSWORD, our_environment
from benchmarks.seeding import seed
from tests.support.caller import Caller
from tests.support.lifespan import started
from tests.support.postgres import PostgresServer, create_database

ACCOUNTS: Final = 1_000_000
REQUESTS: Final = 50

PREFIX: Final = "search by prefix"

USERS: Final = "/api/admin/users"
EVENTS: Final = "/api/admin/audit"

_NUMBERS: Final = (
    "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {})"
)
_FILL_USERS: Final = (  # one of 500 is disabled, another one of 500 is not verified
    "INSERT INTO users (username, email, hashed_password, is_active, email_verified_at, created_at, updated_at) "  # noqa: S608 - constants
    f"{_NUMBERS} SELECT 'crowd' || number, 'crowd' || number || '@example.org', '!', number % 500 <> 0, "
    "CASE WHEN number % 500 <> 1 THEN now END, now, now FROM numbers, (SELECT clock_timestamp() AS now) AS clock"
)
_FILL_ROLES: Final = (
    "INSERT INTO user_roles (user_id, role_id, granted_at) SELECT users.id, roles.id, clock_timestamp() "
    "FROM users CROSS JOIN roles WHERE roles.name = 'support' AND users.id % 10 = 0"
)
_FILL_EVENTS: Final = (  # one event per second, the last one now
    "INSERT INTO audit_logs (user_id, action, resource, details, actor, created_at) SELECT id, "
    "CASE WHEN id % 100 = 0 THEN 'account:disabled' ELSE 'login:succeeded' END, 'account', {}, "
    "CASE WHEN id % 100 = 0 THEN 'cli' ELSE 'owner' END, "
    "timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, id - {})) FROM users"
)


def requests(accounts: int) -> dict[str, str]:
    """Return the path of each list."""

    def page(query: str, key: object, path: str = USERS) -> str:
        return f"{path}?{query}&limit=100&cursor={base64url.encode(str(key).encode())}"

    middle = accounts // 2
    until = utc_now() - timedelta(seconds=middle)
    since = until - timedelta(hours=1)
    ids = "&".join(f"id={number}" for number in range(middle, middle + 100))
    return {
        PREFIX: f"{USERS}?username_prefix=crowd{middle}"[:-1],
        "all users": page("", middle),
        "users by username": page("username_prefix=cr", f"crowd{middle}"),
        "users by e-mail address": page("email_prefix=cr", f"crowd{middle}@example.org"),
        "users with a role": page("role=support", middle),
        "disabled users": page("status=disabled", middle),
        "users without a verified e-mail address": page("verified=false", middle),
        "users by id": f"{USERS}?{ids}",
        "all events": page("", middle, EVENTS),
        "events with an action": page("action=account:disabled", middle, EVENTS),
        "events of an actor": page("actor=cli", middle, EVENTS),
        "events of an hour": f"{EVENTS}?limit=100&since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}",
    }


async def measure_one(database_url: str, accounts: int) -> dict[str, float]:
    """Return the time of each list in milliseconds, in an empty database."""
    environ = our_environment(database_url, MFA_POLICY="optional", DATABASE_STATEMENT_TIMEOUT="3600")
    settings = Settings.from_env(environ)
    ((_, token, _),) = await seed(settings, 1, PASSWORD)
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230, PTH123 - opened once
        configure_logging(level="INFO", as_json=True, descriptor=nowhere.fileno())
        app = create_app(settings)
        async with started(app):
            database = app.state.services.core.database.engine
            await UserRow.raw(_FILL_USERS, accounts)
            await UserRoleRow.raw(_FILL_ROLES)
            await AuditLogRow.raw(_FILL_EVENTS, "{}", accounts)
            await UserRoleRow.raw(
                "INSERT INTO user_roles (user_id, role_id, granted_at) "
                "SELECT 1, id, clock_timestamp() FROM roles WHERE name = 'auditor'"
            )
            await database.run_ddl("ANALYZE")
            caller = Caller(app)
            return {name: await _time(caller, path, token) for name, path in requests(accounts).items()}


async def _time(caller: Caller, path: str, token: str) -> float:
    """Return the shortest time of a request, in milliseconds."""
    seconds = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        body = await caller.call("GET", path, token=token)
        seconds.append(time.perf_counter() - began)
    if b'"id":' not in body:  # an empty list would be fast
        raise AssertionError(path, body)
    return min(seconds) * 1e3


def measure(
    server: PostgresServer, folder: Path, report: Callable[[str], None], *, accounts: int = ACCOUNTS
) -> dict[str, float]:
    """Return the time of the slower engine for each list, in milliseconds."""
    urls = {
        "PostgreSQL": asyncio.run(create_database(server.url(), "lists")),
        "SQLite": f"sqlite:///{folder / 'lists.db'}",
    }
    slowest: dict[str, float] = {}
    for engine, url in urls.items():
        began = time.monotonic()
        times = asyncio.run(measure_one(url, accounts))
        report(f"{engine} with {accounts:,} accounts and events, within {time.monotonic() - began:.0f} s")
        for name, milliseconds in times.items():
            report(f"{engine:<12}{name:<42}{milliseconds:6.1f} ms")
            slowest[name] = max(milliseconds, slowest.get(name, 0))
    return slowest


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure as the arguments say, and print the times."""
    parser = argparse.ArgumentParser(description="Measure the lists of the API for administrators.")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    with PostgresServer(durable=True) as server, TemporaryDirectory() as folder:
        measure(server, Path(folder), _print, accounts=parser.parse_args().accounts)


if __name__ == "__main__":
    main()
