"""The decision table of a refresh, row by row."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.rows import age_sessions, audit_actions

OTHER_KEY = "another-secret-of-the-tests-9876543210-abc"
WEEK = timedelta(days=7).total_seconds()


async def end_of_sessions() -> None:
    await SessionRow.update({SessionRow.expires_at: SessionRow.created_at}, force=True)


@pytest.mark.parametrize("token", ["rt_" + "A" * 43, "rt_", "nonsense", "ey.J.x", ""])
async def test_an_unknown_token_is_invalid(ada: Actor, token: str) -> None:
    assert (await ada.try_refresh(token)).outcome == (401, "TOKEN_INVALID")


async def test_a_token_of_an_ended_session_is_revoked(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_out()

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_a_token_of_a_disabled_account_is_revoked(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_a_token_of_a_deleted_account_is_unknown(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.delete(force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_INVALID")


async def test_a_token_past_its_own_end_is_expired(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")


async def test_a_token_past_its_sessions_end_is_expired(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await end_of_sessions()

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")


async def test_an_unused_token_yields_a_new_pair_and_carries_the_session_on(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await age_sessions(days=5)

    response = await ada.try_refresh()

    assert response.status == 200
    assert response.json.keys() == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "refresh_expires_in",
    }
    assert response["refresh_token"] != ada.refresh_token
    assert WEEK - 5 <= response["refresh_expires_in"] <= WEEK
    session = await SessionRow.objects().first()
    assert session is not None
    assert session.last_used_at - session.created_at >= timedelta(days=5)


async def test_a_retry_within_the_grace_gets_the_same_successor_with_its_stored_end(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    await age_sessions(seconds=20)

    again = await ada.try_refresh()

    assert again.status == 200
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert first["refresh_expires_in"] - 22 <= again["refresh_expires_in"] <= first["refresh_expires_in"] - 19
    assert await RefreshTokenRow.count() == 2


async def test_a_retry_tells_the_end_of_the_successor_and_not_of_the_session(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    successor = await RefreshTokenRow.objects().where(RefreshTokenRow.used_at.is_null()).first()
    assert successor is not None
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: successor.expires_at - timedelta(days=1)}).where(
        RefreshTokenRow.id == successor.id
    )

    again = await ada.try_refresh()

    day = 24 * 60 * 60
    assert first["refresh_expires_in"] - day - 2 <= again["refresh_expires_in"] <= first["refresh_expires_in"] - day


async def test_a_retry_after_the_grace_ends_the_session_and_says_so_once(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    await age_sessions(seconds=31)

    replay, later = await ada.try_refresh(), await ada.try_refresh()

    assert (replay.outcome, later.outcome) == ((401, "REFRESH_TOKEN_REUSED"), (401, "TOKEN_REVOKED"))
    assert (await ada.try_refresh(first["refresh_token"])).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile(first["access_token"])).outcome == (401, "TOKEN_REVOKED")
    assert (await audit_actions()).count("refresh_token:reused") == 1


async def test_a_retry_whose_successor_was_used_ends_the_session_even_within_the_grace(
    user_factory: UserFactory,
) -> None:
    ada = await user_factory()
    stolen = ada.refresh_token
    await ada.refresh()
    await ada.refresh()

    assert (await ada.try_refresh(stolen)).outcome == (401, "REFRESH_TOKEN_REUSED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


@pytest.mark.parametrize("successor_used", [True, False])
async def test_the_history_tells_a_theft_from_a_lost_answer(user_factory: UserFactory, successor_used: bool) -> None:
    ada = await user_factory()
    old = ada.refresh_token
    await ada.refresh()
    if successor_used:
        await ada.refresh()
    await age_sessions(seconds=31)

    await ada.try_refresh(old)

    row = await AuditLogRow.objects().where(AuditLogRow.action == "refresh_token:reused").first()
    assert row is not None
    assert json.loads(row.details) == {"successor_used": successor_used}
    assert row.resource.startswith("session:")


async def test_no_token_outlives_the_sessions_absolute_end(user_factory: UserFactory) -> None:
    ada = await user_factory()
    day_29, hour = 29 * 24 + 23, 60 * 60
    for _ in range(5):  # idle ends are a week apart
        await age_sessions(hours=day_29 / 5)
        await ada.refresh()

    response = await ada.refresh()

    assert hour - 60 <= response["refresh_expires_in"] <= hour
    assert response["expires_in"] == 1800
    await age_sessions(minutes=40)
    assert (await ada.refresh())["expires_in"] <= 20 * 60
    await age_sessions(minutes=21)
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")


async def test_without_a_grace_a_second_use_is_a_reuse(app_with: OtherAppFactory) -> None:
    async with app_with(REFRESH_GRACE_SECONDS="0") as other:
        ada = Actor(other.client)
        await ada.register()
        await ada.try_refresh()
        await age_sessions(seconds=1)  # longer than any request here waits: no race

        assert (await ada.try_refresh()).outcome == (401, "REFRESH_TOKEN_REUSED")


async def test_a_retry_is_answered_by_any_key_of_the_ring(
    app_with: OtherAppFactory, user_factory: UserFactory, environ: dict[str, str]
) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    previous = json.dumps([environ["JWT_SECRET_KEY"]])

    async with app_with(JWT_SECRET_KEY=OTHER_KEY, JWT_PREVIOUS_KEYS=previous) as other:
        ada.client = other.client
        again = await ada.try_refresh()
        rotated = await ada.try_refresh(again["refresh_token"])

    assert again["refresh_token"] == first["refresh_token"]
    assert rotated.status == 200


async def test_a_retry_that_no_key_can_answer_is_put_off_and_is_no_theft(
    app_with: OtherAppFactory, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()

    async with app_with(TOKEN_DERIVATION_KEY=OTHER_KEY, JWT_SECRET_KEY=OTHER_KEY) as other:
        client, ada.client = ada.client, other.client
        put_off = await ada.try_refresh()
        ada.client = client

    assert put_off.outcome == (503, "SERVER_OVERLOADED")
    assert int(put_off.response.headers["Retry-After"]) >= 1
    assert (await ada.try_refresh(first["refresh_token"])).status == 200


async def test_only_digests_are_kept(user_factory: UserFactory) -> None:
    ada = await user_factory()
    response = await ada.try_refresh()

    rows = json.dumps(await RefreshTokenRow.select(), default=str)

    assert ada.refresh_token not in rows
    assert response["refresh_token"] not in rows


async def test_a_sessions_id_is_a_uuid_of_version_7(user_factory: UserFactory) -> None:
    await user_factory()

    session = await SessionRow.objects().first()

    assert session is not None
    assert isinstance(session.id, UUID)
    assert session.id.version == 7
