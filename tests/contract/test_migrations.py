"""Migrations: of a new database, backwards and forwards, by several processes at the same time."""

import asyncio
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.database_schema import column, execute, indexes, tables, whole_schema
from tests.support.postgres import create_database, drop_database
from tests.support.processes import clean_environment, run_cli

pytestmark = pytest.mark.slow

TABLES = {
    "users",
    "sessions",
    "refresh_tokens",
    "browser_sessions",
    "one_time_tokens",
    "audit_logs",
    "throttle_counters",
    "outbox",
    "used_values",
    "totp_factors",
    "totp_candidates",
    "recovery_codes",
    "pending_logins",
    "passkeys",
    "invitations",
    "roles",
    "user_roles",
    "permissions",
    "service_accounts",
    "api_keys",
    "revoked_subjects",
    "sign_in_flows",
    "user_identities",
    "oauth_resources",
    "oauth_clients",
    "oauth_requests",
    "oauth_grants",
    "oauth_consents",
}

INDEXES = [
    "api_keys (expires_at)",
    "api_keys (revoked_at)",
    "api_keys (service_account_id)",
    "api_keys (token_hash) unique",
    "api_keys (user_id)",
    "audit_logs (action, id)",
    "audit_logs (actor, id) where …",
    "audit_logs (created_at)",
    "audit_logs (user_id, id)",
    "browser_sessions (token_hash) unique",
    "invitations (email, id)",
    "invitations (expires_at)",
    "invitations (id) where …",
    "invitations (invited_by, id)",
    "invitations (token_hash) unique",
    "oauth_clients (client_id) unique",
    "oauth_consents (client_id)",
    "oauth_consents (user_id, client_id) unique",
    "oauth_grants (client_id)",
    "oauth_grants (expires_at)",
    "oauth_grants (handle_hash) unique",
    "oauth_grants (session_id)",
    "oauth_grants (user_id)",
    "oauth_requests (client_id)",
    "oauth_requests (code_hash) unique",
    "oauth_requests (device_hash) unique",
    "oauth_requests (expires_at)",
    "oauth_requests (public_hash) unique",
    "oauth_requests (session_id)",
    "oauth_requests (user_code_hash) unique",
    "oauth_requests (user_id)",
    "oauth_resources (identifier) unique",
    "one_time_tokens (expires_at)",
    "one_time_tokens (token_hash) unique",
    "one_time_tokens (user_id)",
    "outbox (failed_at) where …",
    "outbox (next_attempt_at) where …",
    "outbox (sent_at) where …",
    "outbox (user_id)",
    "passkeys (credential_digest) unique",
    "passkeys (user_id)",
    "pending_logins (expires_at)",
    "pending_logins (token_hash) unique",
    "pending_logins (user_id)",
    "permissions (name) unique",
    "recovery_codes (user_id)",
    "refresh_tokens (expires_at)",
    "refresh_tokens (session_id)",
    "refresh_tokens (token_hash) unique",
    "refresh_tokens (user_id)",
    "revoked_subjects (issued_before)",
    "roles (name) unique",
    "service_accounts (name) unique",
    "sessions (absolute_expires_at)",
    "sessions (ended_at) where …",
    "sessions (expires_at)",
    "sessions (identity_id) where …",
    "sessions (user_id)",
    "sessions (user_id, id) where …",
    "sign_in_flows (code_hash) unique",
    "sign_in_flows (expires_at)",
    "sign_in_flows (secret_hash) unique",
    "sign_in_flows (state_hash) unique",
    "sign_in_flows (user_id)",
    "throttle_counters (expires_at)",
    "totp_candidates (expires_at)",
    "totp_candidates (user_id) unique",
    "totp_factors (user_id) unique",
    "used_values (expires_at)",
    "user_identities (issuer, subject) unique",
    "user_identities (user_id)",
    "user_roles (identity_id) where …",
    "user_roles (role_id, user_id)",
    "user_roles (user_id, role_id) unique",
    "users (email) unique",
    "users (id) where …",
    "users (id) where …",
    "users (username) unique",
    "users (webauthn_handle) unique",
]
"""Without those of the primary keys."""

PREFIX_INDEXES = {"postgres": ["users (email)", "users (username)"], "sqlite": []}
"""Those that sort by bytes, where the unique indexes do not."""

MIGRATIONS = 25

PRIMARY_KEYS = {
    "browser_sessions": "session_id",
    "revoked_subjects": "user_id",
    "throttle_counters": "key",
    "used_values": "digest",
}
"""Those that are not called `id`."""

BEFORE_SUBJECTS = "2026-11-30T10:07:00:000000"
"""The first migration of the column `subject`; going back to it removes the column."""

BEFORE_PROVIDERS = "2026-12-01T00:10:00:000000"
"""The first migration of logins by providers."""

LINKED = """
INSERT INTO user_identities (user_id, provider, issuer, subject, email_verified, linked_at, last_used_at)
VALUES (1, 'acme', 'https://acme.example', '7', true, '2026-01-01', '2026-01-02');
INSERT INTO sign_in_flows (stage, purpose, user_id, evidence, created_at, expires_at)
VALUES ('link', 'page', 1, '{}', '2026-01-01', '2026-01-02');
INSERT INTO sessions (id, user_id, amr, auth_time, transport, identity_id, created_at, last_used_at, expires_at,
absolute_expires_at) VALUES ('019b77fa-6a40-7000-8000-000000000001', 1, 'fed', '2026-01-01', 'cookie', 1,
'2026-01-01', '2026-01-01', '2026-01-02', '2026-01-02');
INSERT INTO pending_logins (user_id, token_hash, purpose, amr, auth_time, attempts, identity_id, created_at,
expires_at) VALUES (1, 'h', 'second', 'fed', '2026-01-01', 0, 1, '2026-01-01', '2026-01-02');
INSERT INTO user_roles (user_id, role_id, granted_by, granted_at, identity_id)
SELECT 1, id, 'provider:acme', '2026-01-01', 1 FROM roles WHERE name = 'support';
INSERT INTO user_roles (user_id, role_id, granted_by, granted_at)
SELECT 1, id, 'user:7', '2026-01-01' FROM roles WHERE name = 'auditor'
"""
"""Rows of the first user, who logs in by a provider, in all tables and columns that this needs."""

WIDER_USERS = """
import auth_api.piccolo_app as app
from auth_api.cli import main
from auth_api.users import tables
from piccolo.columns import Varchar

class UserRow(tables.UserRow, tablename="users"):
    nickname = Varchar(length=50, null=True, default=None)

app.APP_CONFIG.table_classes[0] = UserRow
main()
"""
"""The command line of a version with a column that no migration creates."""


@pytest.fixture
async def url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> AsyncIterator[str]:
    """Return the URL of a database that is empty, or a file that does not exist yet."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'scratch.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"auth_api_scratch_{uuid.uuid4().hex}"
    yield await create_database(server, name)
    await drop_database(server, name)


@pytest.fixture
def env(url: str) -> dict[str, str]:
    return {"ENVIRONMENT": "testing", "DATABASE_URL": url}


def piccolo(*arguments: str, env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Execute Piccolo's own command."""
    return subprocess.run(
        [sys.executable, "-m", "piccolo.main", *arguments],
        env=clean_environment({**env, "PICCOLO_CONF": "auth_api.piccolo_conf"}),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_new_database_gets_all_tables_and_indexes(
    url: str, env: dict[str, str], tmp_path: Path, engine: str
) -> None:
    done = run_cli("migrate", env=env, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == MIGRATIONS
    assert all(line.startswith("applied 20") for line in done.stdout.splitlines())
    assert await tables(url) == TABLES
    primary_keys = {f"{table} ({PRIMARY_KEYS.get(table, 'id')}) unique" for table in TABLES}
    without_keys = [index for index in await indexes(url) if index not in primary_keys]
    assert without_keys == sorted([*INDEXES, *PREFIX_INDEXES[engine]])


async def test_new_database_has_no_rows_and_only_necessary_columns(
    url: str, env: dict[str, str], tmp_path: Path
) -> None:
    """ASVS 5.0 V6.3.2, V6.2.10, V6.4.2: no default user, no password expiry, no password hint; only built-in roles."""
    run_cli("migrate", env=env, cwd=tmp_path)

    assert {table: await column(url, f"SELECT count(*) FROM {table}") for table in TABLES} == {  # noqa: S608
        table: [4 if table == "roles" else 0] for table in TABLES
    }
    columns = "SELECT name FROM pragma_table_info('users')"
    if not url.startswith("sqlite"):
        columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'users'"
    assert set(await column(url, columns)) == {
        *("id", "username", "email", "hashed_password", "is_active", "email_verified_at", "locale"),
        *("created_at", "updated_at", "last_login", "two_step_since", "subject", "metadata", "display_name"),
        *("second_factor_failures", "webauthn_handle"),
    }


async def test_piccolo_command_migrates_forwards_backwards_and_forwards(
    url: str, env: dict[str, str], tmp_path: Path
) -> None:
    first = piccolo("migrations", "forwards", "auth_api", env=env, cwd=tmp_path)
    schema_before = await whole_schema(url)
    back = piccolo("migrations", "backwards", "auth_api", "all", "--auto_agree", env=env, cwd=tmp_path)
    tables_left = await tables(url)
    again = piccolo("migrations", "forwards", "auth_api", env=env, cwd=tmp_path)

    assert [done.returncode for done in (first, back, again)] == [0, 0, 0], back.stdout + back.stderr
    assert len(schema_before) > len(INDEXES)
    assert tables_left == set()
    assert await whole_schema(url) == schema_before


async def test_every_user_gets_a_subject_also_from_the_previous_version(
    url: str, env: dict[str, str], tmp_path: Path
) -> None:
    """Users exist before the migrations, and a server of the previous version inserts more of them afterwards."""
    run_cli("migrate", env=env, cwd=tmp_path).check_returncode()
    back = piccolo("migrations", "backwards", "auth_api", BEFORE_SUBJECTS, "--auto_agree", env=env, cwd=tmp_path)
    await insert_users(url, "ada", "grace")
    forwards = run_cli("migrate", env=env, cwd=tmp_path)
    await insert_users(url, "linus")

    subjects = [uuid.UUID(str(subject)) for subject in await column(url, "SELECT subject FROM users")]

    assert (back.returncode, forwards.returncode) == (0, 0), back.stdout + back.stderr + forwards.stderr
    assert len(set(subjects)) == 3
    assert {subject.version for subject in subjects} == {4}


async def test_roles_of_providers_do_not_become_permanent_by_a_way_back(
    url: str, env: dict[str, str], tmp_path: Path
) -> None:
    """The previous version has no column that tells them from those that people granted."""
    run_cli("migrate", env=env, cwd=tmp_path).check_returncode()
    await insert_users(url, "ada")
    for statement in LINKED.split(";"):
        await execute(url, statement)
    schema_before = await whole_schema(url)
    back = piccolo("migrations", "backwards", "auth_api", BEFORE_PROVIDERS, "--auto_agree", env=env, cwd=tmp_path)
    tables_left = await tables(url)
    forwards = run_cli("migrate", env=env, cwd=tmp_path)

    assert (back.returncode, forwards.returncode) == (0, 0), back.stdout + back.stderr + forwards.stderr
    assert not tables_left & {"user_identities", "sign_in_flows"}
    assert await whole_schema(url) == schema_before
    assert await column(url, "SELECT granted_by FROM user_roles") == ["user:7"]
    assert await column(url, "SELECT transport FROM sessions") == [None]
    assert await column(url, "SELECT count(*) FROM pending_logins") == [1]


async def insert_users(url: str, *names: str) -> None:
    """Insert users as the version before the column `subject` does."""
    for name in names:
        await execute(
            url,
            "INSERT INTO users (username, email, hashed_password, is_active, created_at, updated_at) "  # noqa: S608 - constants of the test
            f"VALUES ('{name}', '{name}@example.com', '!', true, '2026-01-01', '2026-01-01')",
        )


async def test_concurrent_migrations_all_succeed(url: str, env: dict[str, str], tmp_path: Path) -> None:
    """Each instance of a deployment may migrate: one process does, and the others wait for it."""
    migrating = (asyncio.to_thread(run_cli, "migrate", env=env, cwd=tmp_path, timeout=60) for _ in range(4))

    done = await asyncio.gather(*migrating)

    assert [process.returncode for process in done] == [0, 0, 0, 0], done
    assert sorted(process.stdout.count("applied") for process in done) == [0, 0, 0, MIGRATIONS]
    assert sorted(process.stdout.count("No migrations are pending.") for process in done) == [0, 1, 1, 1]
    assert await column(url, "SELECT count(*) FROM migration") == [MIGRATIONS]


async def test_check_exit_status_shows_pending_migrations(url: str, env: dict[str, str], tmp_path: Path) -> None:
    before = run_cli("migrate", "--check", env=env, cwd=tmp_path)
    after_check = await tables(url)
    run_cli("migrate", env=env, cwd=tmp_path)
    after = run_cli("migrate", "--check", env=env, cwd=tmp_path)

    assert (before.returncode, before.stdout.count("pending: 20")) == (1, MIGRATIONS)
    assert after_check == set()
    assert (after.returncode, after.stdout) == (0, "No migrations are pending.\n")


def test_migrations_create_all_columns_of_the_tables(env: dict[str, str], tmp_path: Path) -> None:
    done = run_cli("migrate", "--drift", env=env, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "All table changes are in migrations.\n", "")


def test_drift_finds_a_column_without_migration(env: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WIDER_USERS, "migrate", "--drift"],
        env=clean_environment(env),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("not in a migration: ")
    assert "nickname" in line


@pytest.mark.parametrize(
    "command",
    [
        ["auth_api", "migrate"],
        ["auth_api", "migrate", "--check"],
        ["piccolo.main", "migrations", "forwards", "auth_api"],
    ],
    ids=" ".join,
)
def test_database_file_is_readable_only_by_its_owner(tmp_path: Path, command: list[str]) -> None:
    """It will contain password hashes, whichever command creates it, and whatever the umask."""
    file = tmp_path / "scratch.db"

    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=clean_environment({"DATABASE_URL": f"sqlite:///{file}", "PICCOLO_CONF": "auth_api.piccolo_conf"}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        umask=0,
    )

    assert done.stderr == ""
    assert oct(file.stat().st_mode & 0o777) == "0o600"
