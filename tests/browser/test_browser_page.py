"""The code of docs/browser.md keeps a session in a browser: tabs, expired and revoked tokens, limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest
from playwright.async_api import Browser, Page

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.browser import Visit, browser_page, until_true
from tests.support.deployment import SECRET
from tests.support.processes import RunningServer
from tests.support.static_site import static_site
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.walkthrough import blocks

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

DOCUMENT: Final = (Path(__file__).parents[2] / "docs" / "browser.md").read_text(encoding="utf-8")
PAGE: Final = '<script type="module">import * as session from "/session.js"; window.session = session;</script>'

# Call a function of the module, and return its result or the fields of its error.
CALL: Final = """async ([name, ...values]) => {
  const describe = ({ error_code, retryAfter }) => ({ error_code, retryAfter });
  return await session[name](...values).catch(describe);
}"""
TOKENS: Final = 'JSON.parse(localStorage.getItem("tokens"))'


def module(server: RunningServer) -> str:
    """Return the code of the documentation, for this server."""
    return "\n".join(blocks(DOCUMENT, "js")).replace("https://auth.example.com", server.url)


@asynccontextmanager
async def visiting(server: RunningServer, chromium: Browser) -> AsyncIterator[Visit]:
    """Open a page of another origin that has loaded the module."""
    with static_site({"/": PAGE, "/session.js": module(server)}) as origin:
        async with browser_page(chromium) as visit:
            await open_page(visit.page, origin)
            yield visit


@pytest.fixture
async def visit(server: RunningServer, chromium: Browser) -> AsyncIterator[Visit]:
    """A page that uses the server of this folder."""
    async with visiting(server, chromium) as visit:
        yield visit


async def open_page(page: Page, url: str) -> None:
    await page.goto(url)
    await until_true(page, "window.session !== undefined")


async def call(page: Page, name: str, *values: Any) -> Any:
    return await page.evaluate(CALL, [name, *values])


async def register(server: RunningServer, visit: Visit, name: str) -> None:
    """Create an account and log in."""
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        assert (await client.post("/api/auth/register", json=body)).status_code == 201
    await call(visit.page, "login", name, PASSWORD)


async def expire_access_token(page: Page) -> None:
    """Replace the access token by one that differs only in its times."""
    token = await page.evaluate(f"{TOKENS}.access_token")
    claims = jwt.decode(token, options={"verify_signature": False})
    past = {name: claims[name] - 86400 for name in ("iat", "nbf", "exp")}
    expired = jwt.encode({**claims, **past}, SECRET, "HS256", headers=jwt.get_unverified_header(token))
    await page.evaluate(
        f"(token) => localStorage.setItem('tokens', JSON.stringify({{...{TOKENS}, access_token: token}}))", expired
    )


async def test_tabs_refresh_an_expired_token_once(server: RunningServer, visit: Visit) -> None:
    await register(server, visit, "ada")
    other = await visit.page.context.new_page()
    await open_page(other, visit.page.url)
    await expire_access_token(visit.page)

    profiles = [
        *await visit.page.evaluate("Promise.all([1, 2, 3].map(() => session.call('/api/user/profile')))"),
        await call(other, "call", "/api/user/profile"),
    ]

    assert [profile["username"] for profile in profiles] == ["ada"] * 4
    assert [url for url in visit.requests if url.endswith("/refresh")] == [f"{server.url}/api/auth/refresh"]
    assert await other.evaluate(TOKENS) == await visit.page.evaluate(TOKENS)


async def test_wrong_current_password_keeps_the_session(server: RunningServer, visit: Visit) -> None:
    await register(server, visit, "grace")
    change = {"current_password": "Wrong-Horse-7-Staple", "new_password": "Other-Horse-7-Staple"}

    error = await call(visit.page, "call", "/api/user/password", {"method": "POST", "body": change})

    assert error["error_code"] == "INVALID_CREDENTIALS"
    assert (await call(visit.page, "call", "/api/user/profile"))["username"] == "grace"


async def test_deletion_returns_although_its_response_has_no_body(server: RunningServer, visit: Visit) -> None:
    await register(server, visit, "katherine")
    deletion = {"method": "POST", "body": {"current_password": PASSWORD}}

    assert await call(visit.page, "call", "/api/user/delete", deletion) is None


async def test_ended_session_discards_the_tokens(server: RunningServer, visit: Visit) -> None:
    await register(server, visit, "edsger")
    tokens = await visit.page.evaluate(TOKENS)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        await client.post("/api/auth/logout", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    error = await call(visit.page, "call", "/api/user/profile")

    assert (error["error_code"], await visit.page.evaluate(TOKENS)) == ("TOKEN_REVOKED", None)


async def test_refused_refresh_discards_the_tokens(server: RunningServer, visit: Visit) -> None:
    await register(server, visit, "alan")
    tokens = await visit.page.evaluate(TOKENS)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        await client.post("/api/auth/logout", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    await expire_access_token(visit.page)

    error = await call(visit.page, "call", "/api/user/profile")

    assert (error["error_code"], await visit.page.evaluate(TOKENS)) == ("TOKEN_REVOKED", None)


async def test_logout_ends_the_session(server: RunningServer, visit: Visit) -> None:
    await register(server, visit, "barbara")

    await call(visit.page, "logout")

    assert await visit.page.evaluate(TOKENS) is None
    assert (await call(visit.page, "call", "/api/user/profile"))["error_code"] == "AUTHENTICATION_REQUIRED"


async def test_page_reads_when_to_retry(deployment_factory: DeploymentFactory, chromium: Browser) -> None:
    deployment = await deployment_factory()
    with deployment.server(ENVIRONMENT="development", RATE_LIMIT_ENABLED="true") as limited:
        async with visiting(limited, chromium) as visit:
            errors = [await call(visit.page, "login", "unknown", "Wrong-Horse-7-Staple") for _ in range(20)]

    refused = [error for error in errors if error["error_code"] != "INVALID_CREDENTIALS"]
    assert refused
    assert all(int(error["retryAfter"]) > 0 for error in refused)
