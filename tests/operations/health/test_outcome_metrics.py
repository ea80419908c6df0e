"""Outcomes of logins, registrations, refreshes, hashes and outages are counted under their labels."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.sessions.tables import RefreshTokenRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.client_ips import from_ip
from tests.support.exposition import Changes
from tests.support.held_hasher import held, requests_wait

WRONG = "Not-the-1-password"
STATES = ("closed", "open", "half-open")


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with its default limits."""
    async with app_with(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES="203.0.113.7") as other:
        yield other


async def test_logins_are_counted_by_outcome(user_factory: UserFactory) -> None:
    ada = await user_factory()
    changes = Changes()

    await ada.log_in()
    await ada.log_in(password=WRONG)
    await ada.log_in(password=WRONG)
    await Actor(ada.client, username="unknown").log_in()
    await UserRow.update({UserRow.is_active: False}, force=True)
    await ada.log_in()

    expected = {"succeeded": 1, "wrong_password": 2, "unknown_account": 1, "account_disabled": 1}
    assert changes.by("logins_total", "outcome") == expected


async def test_login_of_a_user_that_changes_meanwhile_is_counted_as_account_changed(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory()
    async with app_with(PASSWORD_HASH_THREADS="1") as other:
        changes = Changes()
        async with held(other.services.core.hasher):
            attempt = asyncio.create_task(Actor(other.client, password=ada.password).log_in())
            await requests_wait(other.services.core.hasher)
            await UserRow.update({UserRow.hashed_password: "$argon2id$another"}, force=True)

        assert (await attempt).outcome == (401, "INVALID_CREDENTIALS")
        assert changes.by("logins_total", "outcome") == {"account_changed": 1}


async def test_refusals_of_a_client_ip_limit_are_counted_by_its_name(limited: OtherApp) -> None:
    changes = Changes()

    outcomes = [(await Actor(limited.client, username="unknown").log_in()).outcome for _ in range(7)]

    assert outcomes[5:] == [(429, "RATE_LIMITED")] * 2
    assert changes.by("limit_refusals_total", "limit") == {"login": 2}


@pytest.fixture
async def many_logins(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with its default limits, except that of logins per client IP, which would hide the throttle."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES="203.0.113.7") as other:
        yield other


async def test_refusals_of_the_account_throttle_are_counted_by_their_limit(many_logins: OtherApp) -> None:
    ada = Actor(many_logins.client)
    await ada.register()
    changes = Changes()

    for _ in range(6):
        await from_ip(ada, "198.51.100.1").log_in(password=WRONG)
    one_network = changes.by("limit_refusals_total", "limit")
    for number in range(46):
        await from_ip(ada, f"192.0.2.{number}").log_in(password=WRONG)

    assert one_network == {"account_network": 1}
    assert changes.by("limit_refusals_total", "limit") == {"account_network": 1, "account": 1}
    assert changes.by("logins_total", "outcome") == {"wrong_password": 50, "throttled": 2}


async def test_registrations_are_counted_by_outcome(ada: Actor) -> None:
    changes = Changes()

    await ada.register()
    await ada.register()
    await ada.register(email="other@example.com")
    await ada.register(password="short")

    assert changes.by("registrations_total", "outcome") == {"succeeded": 1, "duplicate": 2}


async def rotate(ada: Actor) -> None:
    await ada.try_refresh()


async def retry(ada: Actor) -> None:
    await ada.try_refresh()
    await ada.try_refresh()


async def send_unknown_token(ada: Actor) -> None:
    await ada.try_refresh("rt_" + "A" * 43)


async def send_expired_token(ada: Actor) -> None:
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)
    await ada.try_refresh()


async def reuse_token(ada: Actor) -> None:
    spent = ada.refresh_token
    await ada.refresh()
    await ada.refresh()
    await ada.try_refresh(spent)
    await ada.try_refresh(spent)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (rotate, {"rotated": 1}),
        (retry, {"rotated": 1, "repeated": 1}),
        (send_unknown_token, {"invalid": 1}),
        (send_expired_token, {"expired": 1}),
        (reuse_token, {"rotated": 2, "reused": 1, "revoked": 1}),
    ],
)
async def test_refreshes_are_counted_by_outcome(
    user_factory: UserFactory, act: Callable[[Actor], Awaitable[None]], expected: dict[str, float]
) -> None:
    ada = await user_factory()
    changes = Changes()

    await act(ada)

    assert changes.by("refreshes_total", "outcome") == expected


async def test_verified_token_is_found_in_the_cache(user_factory: UserFactory) -> None:
    ada = await user_factory()
    changes = Changes()

    for _ in range(3):
        await ada.profile()

    assert changes.by("verified_token_cache_lookups_total", "result") == {"miss": 1, "hit": 2}


async def test_each_password_hash_is_measured(user_factory: UserFactory) -> None:
    ada = await user_factory()
    changes = Changes()

    await ada.log_in()

    assert changes.of("password_hash_duration_seconds_count") == 1
    assert changes.of("password_hash_wait_seconds_count") == 1
    assert changes.of("password_hashes_waiting") == 0


async def test_hashes_refused_by_a_full_queue_are_counted(app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_HASH_THREADS="1", PASSWORD_HASH_QUEUE_SIZE="0") as other:
        changes = Changes()
        async with held(other.services.core.hasher):
            assert (await Actor(other.client).log_in()).outcome == (503, "SERVER_OVERLOADED")

        assert changes.of("password_hashes_refused_total") == 1


async def test_outage_is_counted_by_function_and_shown_as_breaker_state(
    user_factory: UserFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await user_factory()
    changes = Changes()
    breaker = breakers.get(SERVICE)
    monkeypatch.setattr(breaker, "_is_failure", lambda _: True)

    async def fail() -> None:
        raise DatabaseUnavailableException

    for _ in range(5):
        with pytest.raises(DatabaseUnavailableException):
            await breaker.call_async(fail)

    assert (await ada.profile()).status == 503
    assert changes.of("circuit_breaker_failures_total", service=SERVICE, function="fail") == 5
    assert changes.of("circuit_breaker_transitions_total", service=SERVICE, state="open") == 1
    assert {state: changes.of("circuit_breaker_state", service=SERVICE, state=state) for state in STATES} == {
        "closed": -1,
        "open": 1,
        "half-open": 0,
    }
    breaker.close()
    assert changes.of("circuit_breaker_state", service=SERVICE, state="closed") == 0
