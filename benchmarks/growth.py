"""Measure the same requests with a few hundred accounts, and with a million."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import asyncpg

from benchmarks.contestants import LOGIN, PROFILE, REFRESH, Contestant, our_environment, ours, seeded
from benchmarks.load import drive
from benchmarks.machine import OTHER_CORES, Meter
from benchmarks.measuring import PACE
from tests.support.postgres import PostgresServer, create_database
from tests.support.processes import clean_environment

ACCOUNTS: Final = 1_000_000
SESSIONS_EACH: Final = 5
SECONDS: Final = 4

_FILL_ACCOUNTS: Final = (
    "INSERT INTO users (username, email, hashed_password, is_active, created_at, updated_at) "
    "SELECT 'crowd' || number, 'crowd' || number || '@example.org', hash, true, now(), now() "
    "FROM generate_series(1, $1::int) AS number, (SELECT hashed_password AS hash FROM users LIMIT 1) AS known"
)

_FILL_SESSIONS: Final = (  # one of five refresh tokens expired a week ago
    "WITH opened AS (INSERT INTO sessions (id, user_id, created_at, last_used_at, auth_time, expires_at, "
    "absolute_expires_at, ip_address, network, amr) SELECT uuidv7(), users.id, now(), now(), now(), "
    "now() + interval '7 days', now() + interval '30 days', '127.0.0.1', '127.0.0.1', 'pwd' "
    "FROM users CROSS JOIN generate_series(1, $1::int) WHERE username LIKE 'crowd%' RETURNING id, user_id) "
    "INSERT INTO refresh_tokens (user_id, session_id, token_hash, expires_at, is_revoked, created_at) "
    "SELECT user_id, id, encode(sha256(id::text::bytea), 'hex'), "
    "now() + interval '7 days' * CASE WHEN row_number() OVER () % 5 = 0 THEN -1 ELSE 1 END, false, now() FROM opened"
)


def measure(
    server: PostgresServer, report: Callable[[str], None], *, accounts: int = ACCOUNTS
) -> tuple[dict[str, float], float]:
    """Measure before and after a million accounts are added.

    Returns:
        The growth of the processor time of each request, PostgreSQL included, as a share; and the factor by which the
        p99 of a profile grew while expired tokens were removed.
    """
    database_url = asyncio.run(create_database(server.url(), "growth"))
    environ = our_environment(database_url, HOUSEKEEPING_INTERVAL="0")
    people = seeded(environ)
    contestant = ours("auth_api", people, environ)
    with contestant.service as service:
        drive(service.port, contestant.traffic[PROFILE](0), connections=8, seconds=1)  # opens all connections
        before = {workload: _cost(contestant, workload, server, 0) for workload in (PROFILE, REFRESH, LOGIN)}
        began = time.monotonic()
        asyncio.run(_fill(database_url, accounts))
        report(f"{accounts:,} accounts with {SESSIONS_EACH} sessions each, within {time.monotonic() - began:.0f} s")
        after = {workload: _cost(contestant, workload, server, 1) for workload in before}
        for workload, cost in before.items():
            report(f"{workload:<40} {cost:,.0f} µs of processor time before, {after[workload]:,.0f} µs after")
        calm, cleaning = _p99(contestant), _p99_while_cleaning(contestant, environ, report)
        report(f"p99 of a profile: {calm:.1f} ms, {cleaning:.1f} ms while tokens are removed")
    return {workload: after[workload] / cost - 1 for workload, cost in before.items()}, cleaning / calm


def _cost(contestant: Contestant, workload: str, server: PostgresServer, turn: int) -> float:
    """Return the processor time of both servers per response, in microseconds."""
    service, costs = contestant.service, []
    for repetition in range(3):
        traffic = contestant.traffic[workload](3 * turn + repetition)
        meters = [Meter(service.pid, service.cores), Meter(server.pid, OTHER_CORES)]
        seen = drive(service.port, traffic, connections=8 if workload != LOGIN else 4, seconds=SECONDS)
        costs.append(sum(meter.read().total for meter in meters) / seen.responses * 1e6)
    return min(costs)


def _p99(contestant: Contestant) -> float:
    profiles = replace(contestant.traffic[PROFILE](0), pause=PACE)
    return drive(contestant.service.port, profiles, connections=4, seconds=2 * SECONDS).p99


def _p99_while_cleaning(contestant: Contestant, environ: dict[str, str], report: Callable[[str], None]) -> float:
    command = [sys.executable, "-m", "auth_api", "cleanup"]
    with subprocess.Popen(command, env=clean_environment(environ), stdout=subprocess.PIPE, text=True) as process:
        seen = _p99(contestant)
        output, _ = process.communicate()
    report(output.strip())
    return seen


async def _fill(database_url: str, accounts: int) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_FILL_ACCOUNTS, accounts)
        await connection.execute(_FILL_SESSIONS, SESSIONS_EACH)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
