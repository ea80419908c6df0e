"""Requests are counted by route, and no label contains user input or personal data."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.exposition import Changes, scrape
from tests.support.held_hasher import held, requests_wait


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with its default limits."""
    async with app_with(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES="203.0.113.7") as other:
        yield other


async def test_request_is_counted_by_method_route_template_and_status(user_factory: UserFactory) -> None:
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
async def test_refused_request_is_counted(
    client: httpx.AsyncClient, method: str, path: str, labels: dict[str, str]
) -> None:
    changes = Changes()

    await client.request(method, path)

    assert changes.of("http_requests_total", **labels) == 1


async def test_unknown_paths_and_methods_add_no_series(client: httpx.AsyncClient) -> None:
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


async def test_request_is_in_progress_until_its_response(client: httpx.AsyncClient) -> None:
    """The scrape counts itself."""
    assert (await scrape(client)).value("http_requests_in_progress") == 1
    assert Changes().of("http_requests_in_progress") == 0


async def test_abandoned_request_is_not_in_progress(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_HASH_THREADS="1") as other:
        changes = Changes()
        async with held(other.services.core.hasher):
            attempt = asyncio.create_task(Actor(other.client).log_in())
            await requests_wait(other.services.core.hasher)
            assert changes.of("http_requests_in_progress") == 1
            assert changes.of("password_hashes_waiting") == 1
            attempt.cancel()
            await asyncio.wait({attempt})

        assert changes.of("http_requests_in_progress") == 0
        assert changes.of("password_hashes_waiting") == 0
        assert changes.of("http_requests_total", method="POST", route="/api/auth/login", status="499") == 1


async def test_build_info_names_the_versions(client: httpx.AsyncClient) -> None:
    text = (await scrape(client)).text

    assert 'auth_api_build_info{python="3.' in text
    assert 'version="' in text


async def test_metrics_contain_no_personal_data(limited: OtherApp) -> None:
    ada = Actor(limited.client, username="ada.lovelace", email="ada.lovelace@private.example")
    ada.headers["User-Agent"] = "Mozilla/Unusual"
    await ada.register()
    personal = {ada.access_token, ada.refresh_token, ada.username, ada.email, ada.password, "private.example"}
    await ada.log_in()
    await ada.log_in(password="Wrong-Password-7-Too")
    await ada.refresh()
    profile = await ada.profile()
    (session, *_) = (await ada.call("GET", "/api/user/sessions"))["items"]
    await ada.call("PATCH", "/api/user/profile", json={"username": "countess"})
    await ada.call("GET", "/api/user/profile?token=in-the-query")
    await ada.call("GET", f"/api/user/{ada.username}")
    await ada.call("DELETE", f"/api/user/sessions/{session['id']}")
    personal |= {ada.access_token, ada.refresh_token, session["id"], "countess", "Unusual", "in-the-query", "Wrong-"}
    personal |= {"203.0.113.7", session["ip_address"], profile.response.headers["x-request-id"]}

    text = (await scrape(limited.client)).text

    assert [word for word in personal if word.lower() in text.lower()] == []
    assert "@" not in text
