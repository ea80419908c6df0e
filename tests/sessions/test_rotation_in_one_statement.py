"""PostgreSQL rotates a refresh token in one statement, which leaves the same rows as the statements of SQLite."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.statements import recorded, until_blocked

pytestmark = pytest.mark.engine("postgres")

TABLES: Final[tuple[type[Table], ...]] = (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)
REFERENCES: Final = {"user_id", "session_id", "token_hash", "successor_hash"}
RANDOM: Final = {"successor_salt", "hashed_password", "request_id", "subject"}


@dataclass(frozen=True, slots=True)
class SteppingDatabase(Database):
    """PostgreSQL, used with the statements that are written for SQLite."""

    @property
    def supports_writable_ctes(self) -> bool:
        return False


async def comparable_rows(names: dict[Any, str], began: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return all rows in the order of their ids, without what differs between two runs.

    Ids and hashes are replaced by the name of what they identify, random values by whether they are set, and times by
    "before" or their distance from the rotation in minutes.
    """
    tables = {table._meta.tablename: await table.select().order_by(table.id) for table in TABLES}  # type: ignore[attr-defined]  # noqa: SLF001 - Piccolo has no public way

    def comparable(column: str, value: Any) -> Any:
        if column in RANDOM:
            return value is not None
        if column in REFERENCES:
            return None if value is None else names[value]
        if isinstance(value, datetime):
            return "before" if value < began else round((value - began) / timedelta(minutes=1))
        return value

    return {
        table: [{column: comparable(column, value) for column, value in row.items() if column != "id"} for row in rows]
        for table, rows in tables.items()
    }


async def database_time() -> datetime:
    (row,) = await SessionRow.raw("SELECT clock_timestamp() AS now")
    now: datetime = row["now"]
    return now


@pytest.mark.parametrize("is_capped", [False, True], ids=["extended", "capped by the absolute end"])
async def test_rotation_in_one_statement_leaves_the_same_rows_as_in_steps(
    user_factory: UserFactory, services: Services, *, is_capped: bool
) -> None:
    left: list[dict[str, list[dict[str, Any]]]] = []
    for in_one_statement in (True, False):
        for table in reversed(TABLES):
            await table.delete(force=True)
        ada = await user_factory(username="ada", email="ada@example.com")
        if is_capped:
            in_a_day = await database_time() + timedelta(days=1)
            await SessionRow.update({SessionRow.absolute_expires_at: in_a_day}, force=True)
        rotation = services.of(RotationService)
        if not in_one_statement:
            rotation = replace(rotation, database=SteppingDatabase(services.core.database.engine))
        began = await database_time()

        with recorded(services.core.database.engine) as statements:
            tokens = await rotation.refresh(ada.refresh_token, RequestContext())

        assert [statement.split()[0] for statement in statements] == (
            ["WITH"] if in_one_statement else ["UPDATE", "UPDATE", "INSERT"]
        )
        left.append(await comparable_rows(await names_of(ada, tokens.refresh_token), began))

    assert left[0] == left[1]
    spent, successor = left[0]["refresh_tokens"]
    assert (spent["token_hash"], spent["successor_hash"]) == ("first token", "second token")
    assert (successor["token_hash"], successor["session_id"]) == ("second token", "session")
    (session,) = left[0]["sessions"]
    assert (session["expires_at"] == session["absolute_expires_at"]) is is_capped


async def names_of(ada: Actor, second_token: str) -> dict[Any, str]:
    """Return what the ids and hashes of the one user, the one session and the two tokens stand for."""
    (user,), (session,) = await UserRow.select(UserRow.id), await SessionRow.select(SessionRow.id)
    return {
        user["id"]: "user",
        session["id"]: "session",
        digest(ada.refresh_token): "first token",
        digest(second_token): "second token",
    }


async def test_refresh_that_waits_for_its_session_uses_the_new_row(
    user_factory: UserFactory, services: Services
) -> None:
    """A statement sees the rows as they were when it began, but reads a row that it had to wait for once more."""
    ada = await user_factory()

    response, expected = await during_transaction(services, ada.try_refresh, {SessionRow.user_agent: "changed"})

    assert response.status == 200
    assert (await SessionRow.select().first())["user_agent"] == expected  # type: ignore[index]
    assert (await ada.try_refresh(response["refresh_token"])).status == 200


async def test_refresh_that_waits_for_the_end_of_its_session_is_refused(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    response, _ = await during_transaction(
        services, ada.try_refresh, {SessionRow.ended_at: datetime.now().astimezone()}
    )

    assert response.outcome == (401, "TOKEN_REVOKED")
    assert [row["used_at"] for row in await RefreshTokenRow.select()] == [None]


async def during_transaction(
    services: Services, send: Callable[[], Coroutine[Any, Any, ApiResponse]], change: dict[Any, Any]
) -> tuple[ApiResponse, Any]:
    """Send a request while an open transaction has changed a table; return the response and the new value."""
    ((column, value),) = change.items()
    changed, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await column._meta.table.update(change, force=True)  # noqa: SLF001 - Piccolo has no public way
        changed.set()
        await release.wait()

    transaction = asyncio.create_task(services.core.database.transaction(work))
    await changed.wait()
    request = asyncio.create_task(send())
    await until_blocked(services.core.database.engine)
    release.set()
    await transaction
    return await request, value
