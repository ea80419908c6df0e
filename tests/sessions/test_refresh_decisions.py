"""The decision table of a refresh, row by row."""

import asyncio
import json
from datetime import timedelta

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.rows import age_sessions, audit_actions
from tests.support.waiting import TIMEOUT_SECONDS

OTHER_KEY = "another-secret-of-the-tests-9876543210-abc"
GRACE_SECONDS = 120
WEEK_SECONDS = timedelta(days=7).total_seconds()


async def expire_sessions() -> None:
    await SessionRow.update({SessionRow.expires_at: SessionRow.created_at}, force=True)


@pytest.mark.parametrize("token", ["rt_" + "A" * 43, "rt_", "nonsense", "ey.J.x", ""])
async def test_unknown_refresh_token_is_invalid(ada: Actor, token: str) -> None:
    assert (await ada.try_refresh(token)).outcome == (401, "TOKEN_INVALID")


async def test_refresh_token_of_an_ended_session_is_revoked(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_out()

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_refresh_token_of_a_disabled_user_is_revoked(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_refresh_token_of_a_deleted_user_is_invalid(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.delete(force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_INVALID")


async def test_expired_refresh_token_is_rejected(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")


async def test_refresh_token_of_an_expired_session_is_rejected(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await expire_sessions()

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")


async def test_unused_refresh_token_yields_a_new_pair_and_extends_the_session(user_factory: UserFactory) -> None:
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
    assert WEEK_SECONDS - TIMEOUT_SECONDS <= response["refresh_expires_in"] <= WEEK_SECONDS
    session = await SessionRow.objects().first()
    assert session is not None
    assert session.last_used_at - session.created_at >= timedelta(days=5)


async def test_retry_within_the_grace_succeeds_after_the_token_has_expired(user_factory: UserFactory) -> None:
    """The token was used shortly before its end, and the response was lost."""
    ada = await user_factory()
    first = await ada.try_refresh()
    of_used = RefreshTokenRow.used_at.is_not_null()
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}).where(of_used)

    second = await ada.try_refresh()

    assert (second.status, second["refresh_token"]) == (200, first["refresh_token"])


async def test_expired_token_whose_successor_is_used_does_not_end_the_session(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first_token = ada.refresh_token
    await ada.refresh()
    await ada.refresh()
    of_used = RefreshTokenRow.used_at.is_not_null()
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}).where(of_used)

    assert (await ada.try_refresh(first_token)).outcome == (401, "TOKEN_EXPIRED")
    assert (await ada.try_refresh()).status == 200


async def test_retry_within_the_grace_returns_the_same_successor(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    await age_sessions(seconds=GRACE_SECONDS - 20)

    again = await ada.try_refresh()

    assert again.status == 200
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert (
        first["refresh_expires_in"] - 100 - TIMEOUT_SECONDS
        <= again["refresh_expires_in"]
        <= first["refresh_expires_in"] - 99
    )
    assert await RefreshTokenRow.count() == 2


async def test_retry_returns_the_expiry_of_the_successor_and_not_of_the_session(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    successor = await RefreshTokenRow.objects().where(RefreshTokenRow.used_at.is_null()).first()
    assert successor is not None
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: successor.expires_at - timedelta(days=1)}).where(
        RefreshTokenRow.id == successor.id
    )

    again = await ada.try_refresh()

    day = 24 * 60 * 60
    assert (
        first["refresh_expires_in"] - day - TIMEOUT_SECONDS
        <= again["refresh_expires_in"]
        <= first["refresh_expires_in"] - day
    )


async def test_retry_after_the_grace_ends_the_session_and_is_reported_once(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    await age_sessions(seconds=GRACE_SECONDS + TIMEOUT_SECONDS)

    replay, later = await ada.try_refresh(), await ada.try_refresh()

    assert (replay.outcome, later.outcome) == ((401, "REFRESH_TOKEN_REUSED"), (401, "TOKEN_REVOKED"))
    assert (await ada.try_refresh(first["refresh_token"])).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile(first["access_token"])).outcome == (401, "TOKEN_REVOKED")
    assert (await audit_actions()).count("refresh_token:reused") == 1


async def test_retries_do_not_prolong_the_grace(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()

    retries = []
    for _ in range(2):
        await age_sessions(seconds=GRACE_SECONDS / 2 - 10)
        retries.append(await ada.try_refresh())
    await age_sessions(seconds=20 + TIMEOUT_SECONDS)

    assert {retry["refresh_token"] for retry in retries} == {first["refresh_token"]}
    assert (await ada.try_refresh()).outcome == (401, "REFRESH_TOKEN_REUSED")


async def test_successor_works_after_a_retry_and_has_a_grace_of_its_own(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    await age_sessions(seconds=GRACE_SECONDS - 20)
    await ada.try_refresh()
    await age_sessions(seconds=GRACE_SECONDS)

    second = await ada.try_refresh(first["refresh_token"])
    await age_sessions(seconds=GRACE_SECONDS - 20)

    again = await ada.try_refresh(first["refresh_token"])
    assert (second.status, again.status) == (200, 200)
    assert again["refresh_token"] == second["refresh_token"]


@pytest.mark.parametrize("seconds", [0, GRACE_SECONDS - 20])
async def test_retry_ends_the_session_within_the_grace_if_the_successor_was_used(
    user_factory: UserFactory, seconds: int
) -> None:
    ada = await user_factory()
    stolen = ada.refresh_token
    await ada.refresh()
    await ada.refresh()
    await age_sessions(seconds=seconds)

    assert (await ada.try_refresh(stolen)).outcome == (401, "REFRESH_TOKEN_REUSED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_concurrent_uses_of_a_token_and_of_its_successor_never_leave_two_sessions(
    user_factory: UserFactory,
) -> None:
    """Whichever is first: the retry gets the same successor, or the session ends. There is never a second successor."""
    ada = await user_factory()
    old = ada.refresh_token
    await ada.refresh()
    successor = ada.refresh_token

    responses = await asyncio.gather(*(ada.try_refresh(token) for token in (old, successor) * 10))

    retries, next_ones = responses[::2], responses[1::2]
    assert {each.code for each in responses} <= {"", "REFRESH_TOKEN_REUSED", "TOKEN_REVOKED"}
    assert {each["refresh_token"] for each in retries if each.status == 200} <= {successor}
    assert len({each["refresh_token"] for each in next_ones if each.status == 200}) <= 1
    assert (await ada.try_refresh(old)).status == 401


@pytest.mark.parametrize("successor_used", [True, False])
async def test_audit_row_of_a_reuse_records_whether_the_successor_was_used(
    user_factory: UserFactory, successor_used: bool
) -> None:
    ada = await user_factory()
    old = ada.refresh_token
    await ada.refresh()
    if successor_used:
        await ada.refresh()
    await age_sessions(seconds=GRACE_SECONDS + TIMEOUT_SECONDS)

    await ada.try_refresh(old)

    row = await AuditLogRow.objects().where(AuditLogRow.action == "refresh_token:reused").first()
    assert row is not None
    assert json.loads(row.details) == {"successor_used": successor_used}
    assert row.resource.startswith("session:")


async def test_tokens_expire_with_the_absolute_end_of_the_session(user_factory: UserFactory) -> None:
    ada = await user_factory()
    hours, hour = 29 * 24 + 23, 60 * 60
    for _ in range(5):  # a session expires after a week without a refresh
        await age_sessions(hours=hours / 5)
        await ada.refresh()

    response = await ada.refresh()

    assert hour - TIMEOUT_SECONDS <= response["refresh_expires_in"] <= hour
    assert response["expires_in"] == 1800
    await age_sessions(minutes=40)
    assert (await ada.refresh())["expires_in"] <= 20 * 60
    await age_sessions(minutes=21)
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")


async def test_second_use_without_a_grace_ends_the_session(app_with: OtherAppFactory) -> None:
    async with app_with(REFRESH_GRACE_SECONDS="0") as other:
        ada = Actor(other.client)
        await ada.register()
        await ada.try_refresh()
        await age_sessions(
            seconds=TIMEOUT_SECONDS
        )  # longer than a request takes, so that the requests are not concurrent

        assert (await ada.try_refresh()).outcome == (401, "REFRESH_TOKEN_REUSED")


async def test_retry_returns_the_successor_of_a_previous_secret(
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


async def test_retry_with_an_unknown_secret_is_503_and_does_not_end_the_session(
    app_with: OtherAppFactory, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()

    async with app_with(TOKEN_DERIVATION_KEY=OTHER_KEY, JWT_SECRET_KEY=OTHER_KEY) as other:
        client, ada.client = ada.client, other.client
        refused = await ada.try_refresh()
        ada.client = client

    assert refused.outcome == (503, "SERVER_OVERLOADED")
    assert int(refused.response.headers["Retry-After"]) >= 1
    assert (await ada.try_refresh(first["refresh_token"])).status == 200
