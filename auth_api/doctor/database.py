"""Check whether the database can be used, and whether its limits match the settings."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.administrators import evaluate_administrators, fetch_built_in_roles
from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.doctor.oauth_clients import evaluate_applications, fetch_applications
from auth_api.doctor.passkeys import evaluate_passkeys, fetch_passkeys_by_domain
from auth_api.doctor.postgres_facts import PostgresFacts
from auth_api.doctor.sealed_values import evaluate_data_keys, fetch_values_by_key
from auth_api.doctor.sqlite import check_sqlite
from auth_api.doctor.tables import (
    evaluate_columns,
    evaluate_indexes,
    evaluate_migrations,
    evaluate_privileges,
    evaluate_sequences,
    fetch_columns,
    fetch_invalid_indexes,
    fetch_lacking_privileges,
    fetch_sequences,
)
from auth_api.kit.clock import monotonic, utc_now
from auth_api.kit.db.database import create_engine
from auth_api.kit.db.failures import explain
from auth_api.kit.db.migrations import UTF8, wrong_encoding
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.text import counted
from auth_api.piccolo_app import APP_NAME, bind

MIN_POSTGRES_MAJOR: Final = 14
"""Older versions are no longer maintained, and not tested."""

SYNCHRONIZED_SECONDS: Final = 1.0
"""Larger differences between two clocks show that a machine is not synchronized."""

MAX_CLOCK_OFFSET_SECONDS: Final = 30.0
"""With a larger difference, one server rejects tokens of another because they are issued in the future."""

_LOCAL: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})

_FACTS: Final = """
SELECT current_setting('server_version_num')::int / 10000 AS major,
    current_setting('server_version') AS version,
    current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS is_read_only,
    clock_timestamp() AS now,
    current_setting('max_connections')::int AS max_connections,
    current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
    pg_backend_pid() AS pid,
    (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_encrypted,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser
"""


async def check_database(
    policy: DatabasePolicy,
    *,
    data_keys: tuple[bytes, ...],
    passkeys: PasskeyPolicy,
    workers: int,
    is_production: bool,
) -> list[Finding]:
    """Check the database with queries that change nothing.

    Args:
        policy: where the database is.
        data_keys: the keys of encrypted values.
        passkeys: where passkeys work.
        workers: number of processes that connect to it.
        is_production: whether this is a production server.
    """
    engine = create_engine(policy)
    bind(engine)  # Piccolo needs an engine to list the migrations
    if policy.sqlite_path is not None:
        path = Path(policy.sqlite_path)
        return await asyncio.to_thread(
            check_sqlite, path, data_keys=data_keys, passkeys=passkeys, is_production=is_production
        )
    try:
        facts = await _query_postgres(engine)
    except Exception as error:  # noqa: BLE001 - with any error the database cannot be used
        message, fix = explain(error, policy.postgres_dsn)
        return [fail("database.reachable", f"PostgreSQL at {policy.place}: {message}.", fix)]
    return [
        ok("database.reachable", f"PostgreSQL at {policy.place} responds in {facts.seconds * 1000:.0f} ms."),
        evaluate_version(facts),
        *evaluate_writability(facts),
        *evaluate_encoding(facts),
        evaluate_migrations(facts.applied),
        *evaluate_columns(facts.columns, applied=facts.applied),
        *evaluate_data_keys(facts.values_by_key, data_keys),
        *evaluate_passkeys(facts.passkeys_by_domain, passkeys),
        *evaluate_administrators(facts.built_in_roles),
        *evaluate_applications(facts.applications, is_production=is_production),
        *evaluate_privileges(facts.lacking_privileges),
        *evaluate_sequences(facts.sequences),
        *evaluate_indexes(facts.invalid_indexes),
        evaluate_clock(facts.clock_offset),
        evaluate_connections(facts, pool_size=policy.max_pool_size, workers=workers),
        evaluate_encryption(facts, str(policy.postgres_dsn)),
        *evaluate_time_limit(facts),
        *evaluate_pooler(facts, policy.statement_cache_size),
        *evaluate_role(facts, is_production=is_production),
    ]


async def _query_postgres(engine: Any) -> PostgresFacts:
    connection = await engine.get_new_connection()
    try:
        async with connection.transaction(readonly=True):  # behind a pooler, all queries use one connection
            await connection.fetchval("SELECT 1")  # the first query of a connection is slower
            began = monotonic()
            before = utc_now()
            row: dict[str, Any] = dict(await connection.fetchrow(_FACTS))
            seconds, after = monotonic() - began, utc_now()
            has_table = await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL")
            names = "SELECT name FROM migration WHERE app_name = $1"
            applied = [found["name"] for found in await connection.fetch(names, APP_NAME)] if has_table else []
            columns, sequences = await fetch_columns(connection), await fetch_sequences(connection)
            invalid_indexes = await fetch_invalid_indexes(connection)
            lacking_privileges = await fetch_lacking_privileges(connection)
            values_by_key = await fetch_values_by_key(connection, columns, lacking_privileges)
            built_in_roles = await fetch_built_in_roles(connection, columns, lacking_privileges)
            applications = await fetch_applications(connection, columns, lacking_privileges)
            passkeys_by_domain = await fetch_passkeys_by_domain(connection, columns, lacking_privileges)
    finally:
        await connection.close()
    now: datetime = row.pop("now")
    return PostgresFacts(
        **{name: value for name, value in row.items() if name != "pid"},
        seconds=seconds,
        clock_offset=(now - min(max(now, before), after)).total_seconds(),
        is_pooled=row["pid"] != connection.get_server_pid(),
        applied=applied,
        columns=columns,
        lacking_privileges=lacking_privileges,
        sequences=sequences,
        invalid_indexes=invalid_indexes,
        values_by_key=values_by_key,
        passkeys_by_domain=passkeys_by_domain,
        built_in_roles=built_in_roles,
        applications=applications,
    )


def evaluate_version(facts: PostgresFacts) -> Finding:
    """Fail for a version that is not tested."""
    if facts.major < MIN_POSTGRES_MAJOR:
        fix = f"Upgrade to PostgreSQL {MIN_POSTGRES_MAJOR} or newer."
        return fail("database.version", f"PostgreSQL {facts.version} is too old.", fix)
    return ok("database.version", f"PostgreSQL {facts.version}.")


def evaluate_writability(facts: PostgresFacts) -> Iterator[Finding]:
    """Fail for a server that only reads."""
    if facts.is_read_only:
        _, fix = explain(asyncpg.ReadOnlySQLTransactionError())
        yield fail("database.writable", "PostgreSQL accepts no changes: it is a standby, or read-only by default.", fix)


def evaluate_encoding(facts: PostgresFacts) -> Iterator[Finding]:
    """Fail for a database that cannot store every text that people send."""
    if facts.encoding != UTF8:
        problem, _, fix = wrong_encoding(facts.encoding).partition(". ")
        yield fail("database.encoding", f"{problem}.", fix)


def evaluate_clock(seconds: float) -> Finding:
    """Compare the database's clock with this machine's.

    Args:
        seconds: by which the database's clock is ahead.
    """
    check = "database.clock"
    if abs(seconds) < SYNCHRONIZED_SECONDS:
        message = f"The clocks of the database and of this machine differ by less than {SYNCHRONIZED_SECONDS:.0f} s."
        return ok(check, message)
    relation = "ahead of" if seconds > 0 else "behind"
    message = f"The database's clock is {abs(seconds):.0f} s {relation} this machine's."
    fix = "Synchronize both machines with a time server (NTP)."
    return fail(check, message, fix) if abs(seconds) > MAX_CLOCK_OFFSET_SECONDS else warn(check, message, fix)


def evaluate_connections(facts: PostgresFacts, *, pool_size: int, workers: int) -> Finding:
    """Compare the connections of one instance with those that PostgreSQL allows."""
    check = "database.connections"
    used, allowed = pool_size * workers, facts.max_connections - facts.reserved
    if facts.is_pooled:
        return note(check, f"At most {counted(used, 'connection')}, to a pooler with its own limits.")
    message = f"At most {counted(used, 'connection')} ({pool_size} per worker) of the {allowed} that PostgreSQL allows"
    fix = "Lower DATABASE_MAX_POOL_SIZE, or raise max_connections."
    if used > allowed:
        return fail(check, f"{message}.", fix)
    if 2 * used > allowed:
        return warn(check, f"{message}: too few for a second instance, which a rolling deployment needs.", fix)
    return ok(check, f"{message}: enough for {allowed // used} instances.")


def evaluate_encryption(facts: PostgresFacts, dsn: str) -> Finding:
    """Warn if the connection can be read or intercepted."""
    check = "database.encryption"
    parts = urlsplit(dsn)
    options = parse_qs(parts.query)
    host = options.get("host", [parts.hostname or ""])[0]
    if host in _LOCAL or host.startswith("/"):
        return ok(check, "The database is on this machine.")
    mode = options.get("sslmode", ["prefer"])[0]
    if mode == "verify-full" and facts.is_encrypted:
        return ok(check, "The connection uses TLS and verifies the certificate (verify-full).")
    message = "The connection is not encrypted."
    if facts.is_encrypted:
        message = f"The connection uses TLS but does not verify the certificate (sslmode={mode})."
    return warn(check, message, "Add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem to DATABASE_URL.")


def evaluate_time_limit(facts: PostgresFacts) -> Iterator[Finding]:
    """Warn if PostgreSQL does not limit statements: the setting is 0, or a pooler does not pass it on."""
    if facts.statement_timeout == 0:
        fix = "Set it for the role: ALTER ROLE … SET statement_timeout = '5s' (docs/deployment.md)."
        yield warn("database.time_limit", "PostgreSQL does not limit the time of a statement.", fix)


def evaluate_pooler(facts: PostgresFacts, statement_cache_size: int) -> Iterator[Finding]:
    """Warn if prepared statements are used behind a pooler, which may break them in transaction mode."""
    if not facts.is_pooled:
        return
    if statement_cache_size == 0:
        yield ok("database.pooler", "A pooler is used, and no prepared statements are kept.")
    else:
        message = "A pooler is used, and prepared statements are kept."
        fix = "Set DATABASE_STATEMENT_CACHE_SIZE=0, unless pgbouncer is 1.21 or newer with max_prepared_statements."
        yield warn("database.pooler", message, fix)


def evaluate_role(facts: PostgresFacts, *, is_production: bool) -> Iterator[Finding]:
    """Warn if the role has more permissions than it needs."""
    if facts.is_superuser and is_production:
        fix = "Use a role that cannot change the security history (docs/administration.md)."
        yield warn("database.role", "DATABASE_URL uses a superuser.", fix)
