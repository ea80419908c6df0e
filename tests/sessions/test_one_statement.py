"""PostgreSQL rotates a token, and logs in as usual, by one statement: it leaves what several would leave."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Final

import pytest
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.db.database import Database
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, Answer
from tests.support.faults import fault
from tests.support.statements import recorded

pytestmark = pytest.mark.engine("postgres")

TABLES: Final[tuple[type[Table], ...]] = (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)
DRAWN: Final = {
    "id",
    "user_id",
    "session_id",
    "request_id",
    "token_hash",
    "successor_hash",
    "successor_salt",
    "hashed_password",
    "used_at",  # by several statements a moment after `last_used_at`
}
"""Only whether it is there can be the same in both."""


async def kept() -> dict[str, list[dict[str, Any]]]:
    """Return all rows: times by which of all the distinct ones they are, what is drawn by whether it is there."""
    tables = {table._meta.tablename: await table.select().order_by(table.id) for table in TABLES}  # type: ignore[attr-defined]  # noqa: SLF001 - Piccolo's way
    columns = [column for rows in tables.values() for row in rows for column in row.items()]
    times = sorted({value for name, value in columns if _is_time(value) and name not in DRAWN})

    def told(name: str, value: Any) -> Any:
        if name in DRAWN:
            return value is not None
        return times.index(value) if _is_time(value) else value

    return {
        table: [{name: told(name, value) for name, value in row.items()} for row in rows]
        for table, rows in tables.items()
    }


def _is_time(value: object) -> bool:
    return isinstance(value, datetime)


async def refresh(ada: Actor) -> None:
    await ada.refresh()


async def log_in(ada: Actor) -> None:
    assert (await ada.log_in()).status == 200


@pytest.mark.parametrize("work", [refresh, log_in], ids=["refresh", "login"])
async def test_it_leaves_the_same_rows_as_several(
    user_factory: UserFactory,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Actor], Awaitable[None]],
) -> None:
    left: list[dict[str, list[dict[str, Any]]]] = []
    for at_once in (True, False):
        monkeypatch.setattr(Database, "changes_several_tables", at_once)
        for table in reversed(TABLES):
            await table.delete(force=True)
        ada = await user_factory(username="ada", email="ada@example.com")
        with recorded(services.database.engine) as statements:
            await work(ada)
        assert statements[-1].startswith("WITH") is at_once
        left.append(await kept())

    assert left[0] == left[1]


async def test_the_usual_login_is_a_look_and_a_statement(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    with recorded(services.database.engine) as statements:
        await ada.log_in()

    assert [statement.split()[0] for statement in statements] == ["SELECT", "WITH"]


@pytest.mark.parametrize("table", ["sessions", "refresh_tokens", "audit_logs"])
async def test_a_part_that_fails_leaves_nothing_of_a_login(
    user_factory: UserFactory, services: Services, table: str
) -> None:
    ada = await user_factory()
    before = await kept()

    async with fault(services.database.engine, "refuse", "INSERT", table):
        assert (await ada.log_in()).outcome == (500, "INTERNAL_ERROR")

    assert await kept() == before


async def test_a_refresh_that_waits_for_its_session_goes_on_with_what_that_became(
    user_factory: UserFactory, services: Services
) -> None:
    """A statement sees the rows as they were when it began, and looks again at what it had to wait for."""
    ada = await user_factory()

    response, expected = await beside(services, ada.try_refresh, {SessionRow.user_agent: "moved meanwhile"})

    assert response.status == 200
    assert (await SessionRow.select().first())["user_agent"] == expected  # type: ignore[index]
    assert (await ada.try_refresh(response["refresh_token"])).status == 200


async def test_a_refresh_that_waits_for_the_end_of_its_session_is_refused(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    response, _ = await beside(services, ada.try_refresh, {SessionRow.ended_at: datetime.now().astimezone()})

    assert response.outcome == (401, "TOKEN_REVOKED")
    assert [row["used_at"] for row in await RefreshTokenRow.select()] == [None]


async def beside(
    services: Services, ask: Callable[[], Coroutine[Any, Any, Answer]], change: dict[Any, Any]
) -> tuple[Answer, Any]:
    """Ask while a transaction has changed a table and not committed yet; return the answer and the new value."""
    ((column, value),) = change.items()
    changed, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await column._meta.table.update(change, force=True)  # noqa: SLF001 - Piccolo's way
        changed.set()
        await release.wait()

    transaction = asyncio.create_task(services.database.transaction(work))
    await changed.wait()
    asked = asyncio.create_task(ask())
    await waits_for_a_lock(services)
    release.set()
    await transaction
    return await asked, value


async def waits_for_a_lock(services: Services) -> None:
    """Return once a statement waits for a row."""
    engine: Any = services.database.engine
    while not await engine._run_in_pool("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110, SLF001 - it tells nobody
        await asyncio.sleep(0.005)


async def test_a_login_that_waits_for_another_one_counts_the_sessions_anew(
    user_factory: UserFactory, services: Services
) -> None:
    """Its own statement began before the other one's session was there to be counted."""
    ada = await user_factory()

    with recorded(services.database.engine) as statements:
        response, _ = await beside(services, ada.log_in, {UserRow.last_login: datetime.now().astimezone()})

    assert response.status == 200
    asked = [statement.split()[0] for statement in statements if "pg_locks" not in statement]
    assert asked == ["UPDATE", "SELECT", "WITH", "UPDATE", "INSERT", "INSERT", "INSERT"]
