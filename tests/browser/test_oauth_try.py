"""`auth-api oauth try` logs in as each kind of application would, with a person in Chromium."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.browser import browser_page
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment, free_port
from tests.support.product import Product, running_product

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def portal(deployment_factory: DeploymentFactory) -> AsyncIterator[Product]:
    """A product with the OAuth provider, the user `ada`, and a resource."""
    with running_product(await deployment_factory(), OAUTH_ENABLED="true") as product:
        run = product.deployment.command
        options = ("--verified", "--password-stdin")
        run("users", "create", "ada@example.com", "ada", *options, stdin=PASSWORD).check_returncode()
        resource = ("https://orders.example.com", "--name", "Orders", "--scope", "orders:read=See orders")
        run("oauth", "resources", "add", *resource).check_returncode()
        yield product


def add_client(product: Product, kind: str, *options: str) -> dict[str, Any]:
    """Register an application."""
    done = product.deployment.command("oauth", "clients", "add", f"A {kind}", "--kind", kind, *options, "--json")
    assert done.returncode == 0, done.stderr
    client: dict[str, Any] = json.loads(done.stdout)
    return client


def scopes(*names: str) -> list[str]:
    return [part for name in names for part in ("--scope", name)]


@dataclass
class Attempt:
    """The running command."""

    process: asyncio.subprocess.Process
    told: list[str] = field(default_factory=list)

    async def told_line(self, pattern: str) -> str:
        """Wait for a line that contains a pattern, and return what matched."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.told.append(line.decode())
            if found := re.search(pattern, self.told[-1]):
                return found[0]
        raise AssertionError("".join(self.told))

    async def result(self) -> tuple[int, dict[str, Any], str]:
        """Return the exit status, the printed document and the rest of the messages."""
        output, errors = await self.process.communicate()
        return self.process.returncode or 0, json.loads(output or "{}"), errors.decode()


@asynccontextmanager
async def trying(product: Product, client: dict[str, Any], *options: str) -> AsyncIterator[Attempt]:
    """Run `auth-api oauth try` for the duration of the block."""
    deployment: Deployment = product.deployment
    secret = {"OIDC_CLIENT_SECRET": client["client_secret"]} if client.get("client_secret") else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth_api", "oauth", "try", client["client_id"], *options),
        cwd=deployment.folder,
        env=clean_environment({**deployment.environ, "PUBLIC_URL": product.origin, **secret}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Attempt(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def log_in(page: Page) -> None:
    await page.get_by_label("Username or e-mail address").fill("ada")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def test_trial_of_a_web_application_shows_tokens_and_userinfo(portal: Product, chromium: Browser) -> None:
    uri = f"http://127.0.0.1:{free_port()}/callback"
    names = ("openid", "profile", "email", "offline_access", "orders:read")
    client = add_client(portal, "web", "--redirect-uri", uri, *scopes(*names))
    async with trying(portal, client) as attempt, browser_page(chromium) as visit:
        await visit.page.goto(await attempt.told_line(r"http\S+/oauth2/authorize\S+"))
        await log_in(visit.page)
        await visit.page.get_by_role("button", name="Allow").click()
        await visit.page.wait_for_url(f"{uri}?*")
        status, shown, errors = await attempt.result()

    assert (status, errors) == (0, "\n")
    assert shown["id_token"]["aud"] == client["client_id"]
    assert shown["access_token"]["aud"] == "https://orders.example.com"
    assert set(shown["scope"].split()) == {*names} - {"offline_access"}
    assert (shown["userinfo"]["preferred_username"], shown["userinfo"]["email"]) == ("ada", "ada@example.com")


async def test_trial_of_a_native_application_reports_a_refusal(portal: Product, chromium: Browser) -> None:
    client = add_client(portal, "native", "--redirect-uri", "http://127.0.0.1/back", *scopes("openid", "profile"))
    async with trying(portal, client, "--scope", "openid") as attempt, browser_page(chromium) as visit:
        await visit.page.goto(await attempt.told_line(r"http\S+/oauth2/authorize\S+"))
        await log_in(visit.page)
        await visit.page.get_by_role("button", name="Deny").click()
        status, shown, errors = await attempt.result()

    assert (status, shown) == (1, {})
    assert "access_denied" in errors


async def test_trial_of_a_device_waits_for_the_code_to_be_entered(portal: Product, chromium: Browser) -> None:
    client = add_client(portal, "device", *scopes("openid", "profile"))
    async with trying(portal, client) as attempt, browser_page(chromium) as visit:
        code = await attempt.told_line(r"[B-Z]{4}-[B-Z]{4}")
        await visit.page.goto(f"{portal.origin}/account/device?user_code={code}")
        await log_in(visit.page)
        await visit.page.get_by_role("button", name="Continue").click()
        await visit.page.get_by_role("button", name="Allow").click()
        status, shown, _ = await attempt.result()

    assert (status, shown["userinfo"]["preferred_username"]) == (0, "ada")


async def test_trial_of_a_machine_needs_no_browser_but_its_secret(portal: Product) -> None:
    client = add_client(portal, "machine", *scopes("orders:read"))
    async with trying(portal, client) as attempt:
        status, shown, errors = await attempt.result()
    assert (status, shown["access_token"]["sub"], errors) == (0, client["client_id"], "")
    assert "userinfo" not in shown

    async with trying(portal, {**client, "client_secret": "cs_wrong"}) as attempt:
        status, shown, errors = await attempt.result()
    assert (status, shown) == (1, {})
    assert "401 invalid_client" in errors


async def test_trial_explains_what_is_missing(portal: Product) -> None:
    client = add_client(portal, "web", "--redirect-uri", "https://app.example.com/callback", *scopes("openid"))
    async with trying(portal, client) as attempt:
        status, _, errors = await attempt.result()
    assert status == 1
    (command,) = re.findall(r"^auth-api (oauth clients set .*)$", errors, re.MULTILINE)
    portal.deployment.command(*command.split()).check_returncode()
    changed = json.loads(portal.deployment.command("oauth", "clients", "show", client["client_id"], "--json").stdout)
    assert changed["redirect_uris"] == [*client["redirect_uris"], "http://127.0.0.1:8765/callback"]

    async with trying(portal, {"client_id": "app_00000000000000000000"}) as attempt:
        status, _, errors = await attempt.result()
    assert (status, "application" in errors) == (1, True)
