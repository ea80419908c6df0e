"""Whether the database can be used, and whether its limits and those of the settings fit."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from auth_api.doctor.connecting import explain_failure
from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.clock import monotonic, utc_now
from auth_api.kit.db import migrations
from auth_api.kit.db.database import create_engine
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.piccolo_app import APP_NAME, bind

OLDEST_POSTGRES: Final = 14
"""Major version; the ones before are not maintained any more, and not tested."""

OLDEST_SQLITE: Final = (3, 35, 0)
"""The first with RETURNING."""

NOTICEABLE: Final = 1.0
"""Seconds between two clocks that tell of a machine without NTP."""

HARMFUL: Final = 30.0
"""Seconds between two clocks: of two such machines, one finds the other one's tokens to be from the future."""

_LOCAL: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})

_FACTS: Final = """
SELECT current_setting('server_version_num')::int / 10000 AS major,
    current_setting('server_version') AS version,
    clock_timestamp() AS now,
    current_setting('max_connections')::int AS max_connections,
    current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
    pg_backend_pid() AS pid,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_encrypted,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser
"""


class PostgresFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of itself. `clock_offset` is how many seconds its clock is ahead of this machine's."""

    major: int
    version: str
    seconds: float
    clock_offset: float
    max_connections: int
    reserved: int
    is_encrypted: bool
    is_superuser: bool
    is_pooled: bool
    ran: list[str]


async def check_database(policy: DatabasePolicy, *, workers: int, is_production: bool) -> list[Finding]:
    """Ask the database a few questions that change nothing."""
    engine = create_engine(policy)
    bind(engine)  # Piccolo looks for an engine before it tells which migrations there are
    if policy.sqlite_path is not None:
        return await asyncio.to_thread(check_sqlite, Path(policy.sqlite_path), is_production=is_production)
    try:
        facts = await _ask_postgres(engine)
    except Exception as error:  # noqa: BLE001 - whatever it is, the database cannot be used
        says, fix = explain_failure(error)
        return [fail("database.reachable", f"PostgreSQL at {policy.place}: {says}", fix)]
    return [
        ok("database.reachable", f"PostgreSQL at {policy.place} answers in {facts.seconds * 1000:.0f} ms"),
        evaluate_version(facts),
        evaluate_migrations(facts.ran),
        evaluate_clock(facts.clock_offset),
        evaluate_connections(facts, pool_size=policy.max_pool_size, workers=workers),
        evaluate_encryption(facts, str(policy.postgres_dsn)),
        *evaluate_pooler(facts, policy.statement_cache_size),
        *evaluate_role(facts, is_production=is_production),
    ]


async def _ask_postgres(engine: Any) -> PostgresFacts:
    connection = await engine.get_new_connection()
    try:
        async with connection.transaction(readonly=True):  # behind a pooler, all of it on one connection
            await connection.fetchval("SELECT 1")  # the first question of a connection is slower
            began = monotonic()
            before = utc_now()
            row: dict[str, Any] = dict(await connection.fetchrow(_FACTS))
            seconds, after = monotonic() - began, utc_now()
            has_table = await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL")
            names = "SELECT name FROM migration WHERE app_name = $1"
            ran = [found["name"] for found in await connection.fetch(names, APP_NAME)] if has_table else []
    finally:
        await connection.close()
    now: datetime = row.pop("now")
    return PostgresFacts(
        **{name: value for name, value in row.items() if name != "pid"},
        seconds=seconds,
        clock_offset=(now - (before + (after - before) / 2)).total_seconds(),
        is_pooled=row["pid"] != connection.get_server_pid(),
        ran=ran,
    )


def evaluate_version(facts: PostgresFacts) -> Finding:
    """Say whether the server is one that this is tested with."""
    if facts.major < OLDEST_POSTGRES:
        fix = f"Upgrade to PostgreSQL {OLDEST_POSTGRES} or newer."
        return fail("database.version", f"PostgreSQL {facts.version} is too old", fix)
    return ok("database.version", f"PostgreSQL {facts.version}")


def evaluate_migrations(ran: list[str]) -> Finding:
    """Say whether the tables are those of this version."""
    pending = migrations.missing(APP_NAME, ran)
    if pending:
        return fail("database.migrations", f"{len(pending)} migrations are pending", "Run: auth-api migrate")
    return ok("database.migrations", f"all {len(ran)} migrations have run")


def evaluate_clock(seconds: float) -> Finding:
    """Say how far the two clocks are apart."""
    check = "database.clock"
    if abs(seconds) < NOTICEABLE:
        return ok(check, f"the clocks of the database and this machine agree within {NOTICEABLE:.0f} s")
    says = f"the database's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    fix = "Let both machines follow a time server (NTP)."
    return fail(check, says, fix) if abs(seconds) > HARMFUL else warn(check, says, fix)


def evaluate_connections(facts: PostgresFacts, *, pool_size: int, workers: int) -> Finding:
    """Compare what one instance may open with what the server takes."""
    check = "database.connections"
    if facts.is_pooled:
        return note(check, f"{pool_size * workers} at most, to a pooler: its own limits count")
    room, wanted = facts.max_connections - facts.reserved, pool_size * workers
    says = f"{wanted} at most ({pool_size} a worker) of {room} that PostgreSQL takes"
    fix = "Lower DATABASE_MAX_POOL_SIZE, or raise max_connections."
    if wanted > room:
        return fail(check, says, fix)
    if 2 * wanted > room:
        return warn(check, f"{says}: a second instance, as in a rolling deployment, does not fit", fix)
    return ok(check, f"{says}: room for {room // wanted} instances")


def evaluate_encryption(facts: PostgresFacts, dsn: str) -> Finding:
    """Say who can read along between here and the server."""
    check = "database.encryption"
    parts = urlsplit(dsn)
    options = parse_qs(parts.query)
    host = options.get("host", [parts.hostname or ""])[0]
    if host in _LOCAL or host.startswith("/"):
        return ok(check, "on this machine: nobody reads along")
    mode = options.get("sslmode", ["prefer"])[0]
    if mode == "verify-full" and facts.is_encrypted:
        return ok(check, "TLS, and the certificate is checked (verify-full)")
    says = f"TLS, but nobody checks whose (sslmode={mode})" if facts.is_encrypted else "not encrypted"
    return warn(check, says, "Add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem to DATABASE_URL.")


def evaluate_pooler(facts: PostgresFacts, statement_cache_size: int) -> Iterator[Finding]:
    """Say whether prepared statements survive a pooler in transaction mode."""
    if not facts.is_pooled:
        return
    if statement_cache_size == 0:
        yield ok("database.pooler", "there is one, and no prepared statement is kept")
    else:
        says = "there is one, and prepared statements are kept"
        fix = "Set DATABASE_STATEMENT_CACHE_SIZE=0, unless pgbouncer is 1.21 or newer with max_prepared_statements."
        yield warn("database.pooler", says, fix)


def evaluate_role(facts: PostgresFacts, *, is_production: bool) -> Iterator[Finding]:
    """Say whether the role may do more than it needs."""
    if facts.is_superuser and is_production:
        fix = "Use a role of its own, that may not change the history (docs/administration.md)."
        yield warn("database.role", "DATABASE_URL is a superuser's", fix)


def check_sqlite(path: Path, *, is_production: bool) -> list[Finding]:
    """Look at the file without opening it for writing."""
    check = "database.reachable"
    if not path.exists():
        says = f"SQLite: there is no {path}"
        if is_production:
            return [fail(check, says, "Put it back, or make a new one: auth-api migrate")]
        return [note(check, f"{says} yet: the first start makes it")]
    try:
        with contextlib.closing(_opened(path)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'migration'").fetchone()[0]
            query = "SELECT name FROM migration WHERE app_name = ?"
            ran = [name for (name,) in connection.execute(query, (APP_NAME,))] if tables else []
    except sqlite3.Error as error:
        return [fail(check, f"SQLite: {path} cannot be read ({error})", "Put back the last good copy of the file.")]
    folder = path.absolute().parent
    if not (os.access(path, os.W_OK) and os.access(folder, os.W_OK | os.X_OK)):
        says = f"SQLite: {path} or its folder cannot be written to"
        return [fail(check, says, "Let the user of the server own the file and its folder: SQLite needs both.")]
    began = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return [
        ok(check, f"SQLite: {path}, last written {began:%Y-%m-%d %H:%M} UTC"),
        evaluate_sqlite_version(sqlite3.sqlite_version_info),
        evaluate_migrations(ran),
    ]


def _opened(path: Path) -> sqlite3.Connection:
    """Open for reading; where nobody else has it open, as a file that never changes: SQLite adds none then."""
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def evaluate_sqlite_version(version: tuple[int, ...]) -> Finding:
    """Say whether the library has what is needed."""
    text = ".".join(map(str, version))
    if version < OLDEST_SQLITE:
        return fail("database.version", f"SQLite {text} is too old", "Use a Python with SQLite 3.35 or newer.")
    return ok("database.version", f"SQLite {text}")
