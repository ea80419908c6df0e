"""A session that a refresh extends just before its idle end does not survive the end of all sessions.

The refresh has extended the session in a transaction that has not committed yet, so others still read an expired one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from auth_api.kit.clock import utc_now
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.actors import Actor
from tests.support.rows import age_sessions
from tests.support.statements import until_blocked

End = Callable[[Actor, Services], Awaitable[int | None]]


async def change_password(owner: Actor, _: Services) -> None:
    body = {"current_password": owner.password, "new_password": "Another-Mare-8-Paperclip"}
    assert (await owner.call("POST", "/api/user/password", json=body)).status == 200


async def log_out_elsewhere(owner: Actor, _: Services) -> int:
    response = await owner.call("POST", "/api/auth/logout-all", json={"keep_current": True})
    return int(response["sessions_ended"])


async def disable(owner: Actor, services: Services) -> None:
    await operators.disable(services, owner.username)
    await operators.enable(services, owner.username)


async def end_all_of_all_users(_: Actor, services: Services) -> int:
    async def work() -> int:
        return await services.core.sessions.end_all_of_all_users(reason=AccessEvent.ENDED_BY_OPERATOR)

    return await services.core.database.transaction(work)


@asynccontextmanager
async def uncommitted(services: Services, change: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Commit a change at the end of the context, after another request has begun to wait for it."""
    changed, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await change()
        changed.set()
        await release.wait()

    transaction = asyncio.create_task(services.core.database.transaction(work))
    await changed.wait()
    try:
        yield
        await until_blocked(services.core.database.engine)
    finally:
        release.set()
        await transaction


@pytest.mark.parametrize(
    ("end", "counted"),
    [(change_password, None), (log_out_elsewhere, 1), (disable, None), (end_all_of_all_users, 2)],
    ids=["password change", "log out everywhere", "disable", "all sessions of all users"],
)
async def test_session_extended_by_a_concurrent_refresh_is_ended(
    user_factory: UserFactory, services: Services, end: End, counted: int | None
) -> None:
    thief = await user_factory()
    (session,) = await SessionRow.objects()
    await age_sessions(days=7, seconds=1)
    owner = Actor(thief.client)
    await owner.log_in()

    async def refresh() -> None:
        next_end = utc_now() + timedelta(days=7)
        await SessionRow.update({SessionRow.expires_at: next_end}).where(SessionRow.id == session.id)
        await RefreshTokenRow.update({RefreshTokenRow.expires_at: next_end}, force=True)

    async with uncommitted(services, refresh):
        ending = asyncio.ensure_future(end(owner, services))

    assert await ending == counted
    assert (await thief.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await thief.try_refresh()).outcome == (401, "TOKEN_REVOKED")


@pytest.mark.engine("postgres")
async def test_refresh_that_waits_for_the_revocation_of_its_token_is_refused(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async def revoke() -> None:
        await RefreshTokenRow.update({RefreshTokenRow.is_revoked: True}, force=True)

    async with uncommitted(services, revoke):
        refreshing = asyncio.create_task(ada.try_refresh())

    assert (await refreshing).outcome == (401, "TOKEN_REVOKED")
    assert await RefreshTokenRow.count() == 1
