"""A user has at most `SESSIONS_PER_ACCOUNT` live sessions; one more ends the oldest."""

import asyncio
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.faults import fault
from tests.support.rows import age_sessions, audit_actions


async def device(app: OtherApp, *, registers: bool = False) -> Actor:
    """Return an actor with a new session of the user."""
    ada = Actor(app.client)
    response = await (ada.register() if registers else ada.log_in())
    assert response.response.is_success
    return ada


async def sessions_oldest_first() -> list[dict[str, Any]]:
    return await SessionRow.select().order_by(SessionRow.id)


async def test_session_beyond_the_limit_ends_only_the_oldest(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="3") as app:
        devices = [await device(app, registers=True), *[await device(app) for _ in range(3)]]

        assert (await devices[0].profile()).outcome == (401, "TOKEN_REVOKED")
        assert (await devices[0].try_refresh()).outcome == (401, "TOKEN_REVOKED")
        for kept in devices[1:]:
            assert (await kept.profile()).status == 200
            assert (await kept.try_refresh()).status == 200


async def test_session_at_the_limit_ends_no_other(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="3") as app:
        devices = [await device(app, registers=True), *[await device(app) for _ in range(2)]]

        assert [(await each.profile()).status for each in devices] == [200] * 3
        assert "session:evicted" not in await audit_actions()


async def test_oldest_session_is_the_one_that_was_opened_first(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="2") as app:
        first, second = await device(app, registers=True), await device(app)
        await first.refresh()

        await device(app)

        assert (await first.profile()).outcome == (401, "TOKEN_REVOKED")
        assert (await second.profile()).status == 200


async def test_evicted_session_has_a_reason_and_an_audit_row(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="1") as app:
        await device(app, registers=True)

        await device(app)

    ended, _ = await sessions_oldest_first()
    assert ended["ended_reason"] == "too_many_sessions"
    assert ended["ended_at"] is not None
    tokens = await RefreshTokenRow.select(RefreshTokenRow.is_revoked).where(RefreshTokenRow.session_id == ended["id"])
    assert tokens == [{"is_revoked": True}]
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "session:evicted")
    assert (row["user_id"], row["resource"], row["ip_address"]) == (
        ended["user_id"],
        f"session:{ended['id']}",
        CLIENT_IP,
    )


async def test_ended_and_expired_sessions_do_not_count(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="2") as app:
        expired = await device(app, registers=True)
        await age_sessions(days=8)
        left, live = await device(app), await device(app)
        await left.log_out()

        await device(app)

        assert (await live.profile()).status == 200
        assert (await expired.try_refresh()).outcome == (401, "TOKEN_EXPIRED")
        assert "session:evicted" not in await audit_actions()


async def test_sessions_of_other_users_do_not_count(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="1") as app:
        ada, grace = Actor(app.client), Actor(app.client, username="grace", email="grace@example.com")
        await ada.register()

        await grace.register()

        assert (await ada.profile()).status == 200


async def test_lower_limit_takes_effect_at_the_next_login(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    ada = await user_factory()
    for _ in range(4):
        await ada.log_in()

    async with app_with(SESSIONS_PER_ACCOUNT="2") as app:
        await device(app)

    assert [row["ended_reason"] for row in await sessions_oldest_first()] == ["too_many_sessions"] * 4 + [None] * 2
    assert (await audit_actions()).count("session:evicted") == 4


async def test_login_fails_if_the_oldest_session_cannot_be_ended(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="1") as app:
        first = await device(app, registers=True)

        async with fault(app.services.core.database.engine, "refuse", "UPDATE", "sessions"):
            refused = await Actor(app.client).log_in()

        assert refused.outcome == (500, "INTERNAL_ERROR")
        assert (await first.profile()).status == 200
        assert await SessionRow.count() == 1


@pytest.mark.parametrize("limit", [1, 3])
async def test_concurrent_logins_do_not_exceed_the_limit(app_with: OtherAppFactory, limit: int) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT=str(limit)) as app:
        await device(app, registers=True)

        devices = await asyncio.gather(*(device(app) for _ in range(20)))

        alive = [(await each.profile()).status for each in devices]
    assert alive.count(200) == limit
    rows = await sessions_oldest_first()
    assert [row["ended_reason"] for row in rows].count("too_many_sessions") == len(rows) - limit == 21 - limit
    assert (await audit_actions()).count("session:evicted") == 21 - limit


async def test_logins_concurrent_with_logout_everywhere_succeed_within_the_limit(app_with: OtherAppFactory) -> None:
    async with app_with(SESSIONS_PER_ACCOUNT="2") as app:
        ada = await device(app, registers=True)
        second = await device(app)

        responses = await asyncio.gather(
            *(Actor(app.client).log_in() for _ in range(5)),
            ada.call("POST", "/api/auth/logout-all"),
            second.try_refresh(),
        )

    assert {response.status for response in responses[:5]} == {200}
    assert {response.status for response in responses[5:]} <= {200, 401}
    assert sum(row["ended_at"] is None for row in await sessions_oldest_first()) <= 2
