"""What is counted, and under which label: exact changes after requests over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.sessions.tables import RefreshTokenRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.client_ips import from_ip
from tests.support.exposition import Changes, scrape
from tests.support.held_hasher import held, requests_wait

WRONG = "Not-the-1-password"
STATES = ("closed", "open", "half-open")


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """With limits as they come."""
    async with app_with(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES="203.0.113.7") as other:
        yield other


async def test_a_request_counts_by_method_template_and_status(user_factory: UserFactory) -> None:
    ada = await user_factory()
    (session,) = (await ada.call("GET", "/api/user/sessions"))["items"]
    changes = Changes()

    await ada.call("DELETE", f"/api/user/sessions/{session['id']}")

    route = "/api/user/sessions/{session_id}"
    assert changes.of("http_requests_total", method="DELETE", route=route, status="204") == 1
    assert changes.of("http_request_duration_seconds_count", method="DELETE", route=route) == 1
    assert 0 < changes.of("http_request_duration_seconds_sum", method="DELETE", route=route) < 10


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/api/nope", {"method": "GET", "route": "unmatched", "status": "404"}),
        ("PUT", "/api/auth/login", {"method": "PUT", "route": "unmatched", "status": "405"}),
        ("HEAD", "/health/live", {"method": "HEAD", "route": "/health/live", "status": "200"}),
        ("GET", "/" + "a" * 4096, {"method": "GET", "route": "unmatched", "status": "414"}),
        ("BREW", "/health/live", {"method": "other", "route": "unmatched", "status": "405"}),
        ("GET", "/api/user/profile", {"method": "GET", "route": "/api/user/profile", "status": "401"}),
    ],
)
async def test_what_is_refused_counts_too(
    client: httpx.AsyncClient, method: str, path: str, labels: dict[str, str]
) -> None:
    changes = Changes()

    await client.request(method, path)

    assert changes.of("http_requests_total", **labels) == 1


async def test_a_storm_of_paths_and_methods_adds_no_series(client: httpx.AsyncClient) -> None:
    await client.request("BREW", "/first")
    await client.get("/first")
    await client.get("/schema/first")
    await client.get("/errors/FIRST")
    before = (await scrape(client)).values.keys()

    for number in range(50):
        await client.get(f"/random/{number}")
        await client.get(f"/schema/{number}")
        await client.get(f"/errors/{number}")
        await client.request(f"BREW{number}", f"/random/{number}")

    added = (await scrape(client)).values.keys() - before
    assert {dict(labels).get("route") for _, labels in added} <= {"/metrics"}


async def test_a_request_is_in_progress_until_it_is_answered(client: httpx.AsyncClient) -> None:
    """The scrape sees itself."""
    assert (await scrape(client)).value("http_requests_in_progress") == 1
    assert Changes().of("http_requests_in_progress") == 0


async def test_an_abandoned_request_is_in_progress_no_more(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    async with app_with(PASSWORD_HASH_THREADS="1") as other:
        changes = Changes()
        async with held(other.services.hasher):
            attempt = asyncio.create_task(Actor(other.client).log_in())
            await requests_wait(other.services.hasher)
            assert changes.of("http_requests_in_progress") == 1
            assert changes.of("password_hashes_waiting") == 1
            attempt.cancel()
            await asyncio.wait({attempt})

        assert changes.of("http_requests_in_progress") == 0
        assert changes.of("password_hashes_waiting") == 0
        assert changes.of("http_requests_total", method="POST", route="/api/auth/login", status="499") == 1


async def test_logins_count_by_outcome(user_factory: UserFactory) -> None:
    ada = await user_factory()
    changes = Changes()

    await ada.log_in()
    await ada.log_in(password=WRONG)
    await ada.log_in(password=WRONG)
    await Actor(ada.client, username="nobody").log_in()
    await UserRow.update({UserRow.is_active: False}, force=True)
    await ada.log_in()

    expected = {"succeeded": 1, "wrong_password": 2, "unknown_account": 1, "account_disabled": 1}
    assert changes.by("logins_total", "outcome") == expected


async def test_an_account_that_changes_during_its_login_is_an_outcome_of_its_own(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory()
    async with app_with(PASSWORD_HASH_THREADS="1") as other:
        changes = Changes()
        async with held(other.services.hasher):
            attempt = asyncio.create_task(Actor(other.client, password=ada.password).log_in())
            await requests_wait(other.services.hasher)
            await UserRow.update({UserRow.is_active: False}, force=True)

        assert (await attempt).outcome == (401, "INVALID_CREDENTIALS")
        assert changes.by("logins_total", "outcome") == {"account_changed": 1}


async def test_a_limit_per_address_counts_by_its_name(limited: OtherApp) -> None:
    changes = Changes()

    outcomes = [(await Actor(limited.client, username="nobody").log_in()).outcome for _ in range(7)]

    assert outcomes[5:] == [(429, "RATE_LIMITED")] * 2
    assert changes.by("limit_refusals_total", "limit") == {"login": 2}


@pytest.fixture
async def many_logins(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """With limits as they come, but for logins per address: those would hide the account throttle."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES="203.0.113.7") as other:
        yield other


async def test_the_account_throttle_counts_by_what_was_too_much(many_logins: OtherApp) -> None:
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


async def test_registrations_count_by_outcome(ada: Actor) -> None:
    changes = Changes()

    await ada.register()
    await ada.register()
    await ada.register(email="other@example.com")
    await ada.register(password="short")

    assert changes.by("registrations_total", "outcome") == {"succeeded": 1, "duplicate": 2}


async def rotate(ada: Actor) -> None:
    await ada.try_refresh()


async def repeat(ada: Actor) -> None:
    await ada.try_refresh()
    await ada.try_refresh()


async def make_up(ada: Actor) -> None:
    await ada.try_refresh("rt_" + "A" * 43)


async def come_late(ada: Actor) -> None:
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)
    await ada.try_refresh()


async def use_again(ada: Actor) -> None:
    spent = ada.refresh_token
    await ada.refresh()
    await ada.refresh()
    await ada.try_refresh(spent)
    await ada.try_refresh(spent)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (rotate, {"rotated": 1}),
        (repeat, {"rotated": 1, "repeated": 1}),
        (make_up, {"invalid": 1}),
        (come_late, {"expired": 1}),
        (use_again, {"rotated": 2, "reused": 1, "revoked": 1}),
    ],
)
async def test_refreshes_count_by_outcome(
    user_factory: UserFactory, story: Callable[[Actor], Awaitable[None]], expected: dict[str, float]
) -> None:
    ada = await user_factory()
    changes = Changes()

    await story(ada)

    assert changes.by("refreshes_total", "outcome") == expected


async def test_a_token_is_verified_once_and_found_again(user_factory: UserFactory) -> None:
    ada = await user_factory()
    changes = Changes()

    for _ in range(3):
        await ada.profile()

    assert changes.by("verified_token_cache_lookups_total", "result") == {"miss": 1, "hit": 2}


async def test_each_hash_is_measured(user_factory: UserFactory) -> None:
    ada = await user_factory()
    changes = Changes()

    await ada.log_in()

    assert changes.of("password_hash_duration_seconds_count") == 1
    assert changes.of("password_hash_wait_seconds_count") == 1
    assert changes.of("password_hashes_waiting") == 0


async def test_a_full_queue_counts_what_it_refuses(app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_HASH_THREADS="1", PASSWORD_HASH_QUEUE_SIZE="0") as other:
        changes = Changes()
        async with held(other.services.hasher):
            assert (await Actor(other.client).log_in()).outcome == (503, "SERVER_OVERLOADED")

        assert changes.of("password_hashes_refused_total") == 1


async def test_an_outage_counts_by_function_and_shows_in_the_breaker_s_state(
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


async def test_what_runs_is_named(client: httpx.AsyncClient) -> None:
    text = (await scrape(client)).text

    assert 'auth_api_build_info{python="3.' in text
    assert 'version="' in text


async def test_after_normal_use_nothing_personal_stands_in_the_metrics(limited: OtherApp) -> None:
    ada = Actor(limited.client, username="ada.lovelace", email="ada.lovelace@private.example")
    ada.headers["User-Agent"] = "Mozilla/Personal"
    await ada.register()
    spoken = {ada.access_token, ada.refresh_token, ada.username, ada.email, ada.password, "private.example"}
    await ada.log_in()
    await ada.log_in(password="Wrong-Password-7-Too")
    await ada.refresh()
    profile = await ada.profile()
    (session, *_) = (await ada.call("GET", "/api/user/sessions"))["items"]
    await ada.call("PATCH", "/api/user/profile", json={"username": "countess"})
    await ada.call("GET", "/api/user/profile?token=in-the-query")
    await ada.call("GET", f"/api/user/{ada.username}")
    await ada.call("DELETE", f"/api/user/sessions/{session['id']}")
    spoken |= {ada.access_token, ada.refresh_token, session["id"], "countess", "Personal", "in-the-query", "Wrong-"}
    spoken |= {"203.0.113.7", session["ip_address"], profile.response.headers["x-request-id"]}

    text = (await scrape(limited.client)).text

    assert [word for word in spoken if word.lower() in text.lower()] == []
    assert "@" not in text
