"""The database role of docs/administration.md: servers can work with it, and cannot change the security history."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.operations.housekeeping.service import HousekeepingService
from tests.conftest import OtherAppFactory
from tests.support import aged_rows
from tests.support.actors import PASSWORD, Actor
from tests.support.aged_rows import ago
from tests.support.authenticator_app import add_app, begin_totp
from tests.support.factors import first_step, second_step
from tests.support.processes import run_cli
from tests.support.rows import audit_actions

pytestmark = pytest.mark.engine("postgres")  # SQLite has no roles

PAGE = Path(__file__).parents[3] / "docs" / "administration.md"
NEW = "Another-Horse-8-Clip"


@pytest.fixture
async def role_url(database_url: str, db_session: None) -> AsyncIterator[str]:
    """URL of the test database for the role, which is created by the statements on the page."""
    (statements,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    parts = urlsplit(database_url)
    database = parts.path.strip("/")
    role = f"server_{database}"
    owner = await asyncpg.connect(database_url)
    await owner.execute(statements.replace("auth_server", role).replace("DATABASE auth ", f"DATABASE {database} "))
    yield database_url.replace(parts.netloc, f"{role}@{parts.netloc.rpartition('@')[2]}")
    await owner.execute(f"DROP OWNED BY {role}")
    await owner.execute(f"DROP ROLE {role}")
    await owner.close()


async def test_role_can_run_all_flows(app_with: OtherAppFactory, role_url: str) -> None:
    async with app_with(DATABASE_URL=role_url, RATE_LIMIT_ENABLED="true", SESSIONS_PER_ACCOUNT="2") as app:
        ada = Actor(app.client)
        body = {"current_password": PASSWORD, "new_password": NEW}
        responses = [
            await ada.register(),
            await ada.log_in(password="Wrong-Horse-7-Staple"),
            *[await ada.log_in() for _ in range(2)],
            await ada.refresh(),
            await ada.call("PATCH", "/api/user/profile", json={"username": "lovelace"}),
            await ada.call("GET", "/api/user/export"),
            await ada.call("POST", "/api/user/password", json=body),
        ]
        ada.password, ada.username = NEW, "lovelace"
        responses += [
            await ada.log_in(),
            await ada.call("POST", "/api/user/delete", json={"current_password": NEW}),
            await ada.call("GET", "/health/ready", token=""),
        ]

    assert [response.status for response in responses] == [201, 401, 200, 200, 200, 200, 200, 200, 200, 204, 200]
    assert (await audit_actions())[-1] == "account:deleted"
    assert {row["user_id"] for row in await AuditLogRow.select()} == {None}


async def test_role_can_use_second_factors(app_with: OtherAppFactory, role_url: str) -> None:
    async with app_with(DATABASE_URL=role_url) as app:
        ada = Actor(app.client)
        await ada.register()
        authenticator, added = await add_app(ada)
        begun = await begin_totp(ada)
        completed = await second_step(ada, await first_step(ada), authenticator.code())
        code = added["recovery_codes"][0]
        recovered = await second_step(ada, await first_step(ada), code, method="recovery_code")
        options = await ada.call("POST", "/api/user/passkeys/options", json={})
        removed = await ada.call("DELETE", "/api/user/totp")

    responses = (begun, completed, recovered, options, removed)
    assert [response.status for response in responses] == [201, 200, 200, 200, 204]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_logs SET action = 'login:succeeded'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "ALTER TABLE audit_logs DROP COLUMN details",
        "DROP TABLE audit_logs",
        "CREATE TABLE mine (id int)",
    ],
)
async def test_role_cannot_change_the_history(role_url: str, statement: str) -> None:
    await aged_rows.add_events(None, at=ago(days=400))
    connection = await asyncpg.connect(role_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_housekeeping_removes_all_expired_rows_except_events(app_with: OtherAppFactory, role_url: str) -> None:
    await aged_rows.add_events(None, at=ago(days=400))
    await aged_rows.add_counter("address:login:203.0.113.7", expires_at=ago(minutes=5))

    async with app_with(DATABASE_URL=role_url) as app:
        report = await app.services.of(HousekeepingService).clean_up()

    assert (report.is_complete, report.not_permitted) == (True, ["audit_events"])
    assert (report.removed["throttle_counters"], await AuditLogRow.count()) == (1, 1)


async def test_cleanup_command_reports_missing_permission(role_url: str, database_url: str, tmp_path: Path) -> None:
    await aged_rows.add_events(None, at=ago(days=400))
    environ = {"ENVIRONMENT": "testing", "JWT_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789"}

    refused = run_cli("cleanup", env={**environ, "DATABASE_URL": role_url}, cwd=tmp_path)
    done = run_cli("cleanup", env={**environ, "DATABASE_URL": database_url}, cwd=tmp_path)

    assert (refused.returncode, refused.stderr) == (
        1,
        "audit_events: the role of DATABASE_URL has no permission to remove them.\n",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert await AuditLogRow.count() == 0
