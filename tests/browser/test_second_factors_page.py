"""The code of docs/second-factors.md adds and uses second factors in a browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.async_api import Browser, Page

from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import browser_page, until_true
from tests.support.deployment import Deployment
from tests.support.static_site import static_site
from tests.support.virtual_authenticator import add_virtual_authenticator
from tests.support.walkthrough import blocks

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

DOCS: Final = Path(__file__).parents[2] / "docs"
SITE: Final = '<script type="module">import * as session from "/session.js"; window.session = session;</script>'
CALL: Final = """async ([name, ...values]) => {
  const named = (value) => (typeof value === "string" && session[value]) || value;
  const result = await session[name](...values.map(named)).catch((error) => error);
  if (!(result instanceof Error)) return result;
  return { error_code: result.error_code ?? result.name, ...result };
}"""
AGE_PROOFS: Final = "UPDATE sessions SET auth_time = '2026-01-01 00:00:00+00:00', mfa_at = '2026-01-01 00:00:00+00:00'"
REQUIRED: Final[dict[str, Any]] = {
    "MFA_POLICY": "required",
    "ENVIRONMENT": "development",
    "MAIL_FROM": "Acme <no-reply@example.com>",
}
FORGET_STEPS: Final = "UPDATE totp_factors SET last_step = 0"


@dataclass
class Visitor:
    """A user with the page of an application open in a browser."""

    page: Page
    deployment: Deployment

    async def call(self, name: str, *values: Any) -> Any:
        """Call a function of the module. A text that names a function of the module stands for it."""
        return await self.page.evaluate(CALL, [name, *values])

    async def level(self) -> tuple[str, list[str]]:
        """Return the level of the session of the page, and its methods."""
        sessions = await self.call("call", "/api/user/sessions")
        (current,) = [session for session in sessions["items"] if session["current"]]
        return current["acr"], current["amr"]


@asynccontextmanager
async def visiting(
    deployment: Deployment, chromium: Browser, *, factor: str = "", **variables: Any
) -> AsyncIterator[Visitor]:
    """Open a page that has loaded the module, as a user who has registered, and logged in if a factor is named.

    Args:
        deployment: where the server runs.
        chromium: the browser.
        factor: `app` to log in, `passkey` to add one as well.
        variables: settings of the server.
    """
    files = {"/": SITE}
    code = "\n".join(text for name in ("browser", "second-factors") for text in blocks(read(name), "js"))
    with (
        static_site(files) as origin,
        deployment.server(PASSKEY_RP_ID="localhost", PASSKEY_ORIGINS=origin, **variables) as server,
    ):
        files["/session.js"] = code.replace("https://auth.example.com", server.url)
        async with browser_page(chromium) as visit:
            await visit.page.goto(origin)
            await until_true(visit.page, "window.session !== undefined")
            await add_virtual_authenticator(visit.page)
            account = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
            async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
                assert (await client.post("/api/auth/register", json=account)).status_code == 201
            ada = Visitor(visit.page, deployment)
            if factor:
                assert await ada.call("beginLogin", "ada", PASSWORD) is None
            if factor == "passkey":
                assert len((await ada.call("addPasskey", "Laptop"))["recovery_codes"]) == 10
            yield ada


def read(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


async def test_page_adds_an_app_and_logs_in_with_its_codes(deployment: Deployment, chromium: Browser) -> None:
    async with visiting(deployment, chromium, factor="app") as ada:
        enrolment = await ada.call("beginAuthenticatorApp")
        app = AuthenticatorApp(enrolment["secret"])
        confirmed = await ada.call("confirmAuthenticatorApp", app.code())
        assert (confirmed["acr"], len(confirmed["recovery_codes"])) == ("aal2", 10)
        assert await ada.level() == ("aal2", ["pwd", "otp", "mfa"])

        await ada.call("logout")
        pending = await ada.call("beginLogin", "ada", PASSWORD)
        assert pending["methods"] == ["totp", "recovery_code"]
        await deployment.execute(FORGET_STEPS)
        code = AuthenticatorApp(enrolment["secret"]).code()
        assert (await ada.call("completeLoginWithCode", pending, "totp", code))["acr"] == "aal2"

        await ada.call("logout")
        pending = await ada.call("beginLogin", "ada", PASSWORD)
        code = confirmed["recovery_codes"][0]
        assert (await ada.call("completeLoginWithCode", pending, "recovery_code", code))["recovery_codes_left"] == 9


async def test_page_logs_in_with_a_passkey(deployment: Deployment, chromium: Browser) -> None:
    async with visiting(deployment, chromium, factor="passkey") as ada:
        assert await ada.level() == ("phr", ["pwd", "swk", "mfa"])
        for mediation in ("conditional", "optional"):
            await ada.call("logout")
            await ada.call("loginWithPasskey", mediation)
            assert await ada.level() == ("phr", ["swk", "mfa"])

        await ada.call("call", "/api/user/two-step", {"method": "POST", "body": {"enabled": True}})
        pending = await ada.call("beginLogin", "ada", PASSWORD)
        assert pending["methods"] == ["passkey", "recovery_code"]
        assert (await ada.call("completeLoginWithPasskey", pending))["acr"] == "phr"


async def test_page_proves_the_identity_again_and_repeats_the_request(
    deployment: Deployment, chromium: Browser
) -> None:
    async with visiting(deployment, chromium, factor="passkey") as ada:
        factors = await ada.call("call", "/api/user/factors")
        path = f"/api/user/passkeys/{factors['passkeys'][0]['id']}"
        await deployment.execute(AGE_PROOFS)
        refused = await ada.call("call", path, {"method": "DELETE"})
        assert (refused["error_code"], refused["methods"]) == ("STEP_UP_REQUIRED", ["passkey", "recovery_code"])

        assert await ada.call("callWithProof", path, {"method": "DELETE"}, "stepUpWithPasskey") is None

        assert (await ada.call("call", "/api/user/factors"))["passkeys"] == []
        await deployment.execute(AGE_PROOFS)
        assert (await ada.call("stepUp", "password", {"password": PASSWORD}))["acr"] == "aal1"


@pytest.mark.parametrize("kind", ["app", "passkey"])
async def test_page_adds_the_first_factor_at_a_login(deployment: Deployment, chromium: Browser, *, kind: str) -> None:
    async with visiting(deployment, chromium, **REQUIRED) as ada:
        deployment.command("users", "verify-email", "ada").check_returncode()
        pending = await ada.call("beginLogin", "ada", PASSWORD)
        assert (pending["error_code"], pending["enrolment"]) == ("MFA_ENROLMENT_REQUIRED", ["passkey", "totp"])

        if kind == "app":
            enrolment = await ada.call("beginFirstApp", pending)
            code = AuthenticatorApp(enrolment["secret"]).code()
            logged_in = await ada.call("completeLoginWithFirstApp", pending, code)
        else:
            logged_in = await ada.call("completeLoginWithFirstPasskey", pending, "Laptop")

        assert len(logged_in["recovery_codes"]) == 10
        assert await ada.level() == (logged_in["acr"], logged_in["amr"])


async def test_browser_forgets_a_passkey_that_was_removed(deployment: Deployment, chromium: Browser) -> None:
    async with visiting(deployment, chromium, factor="passkey") as ada:
        await deployment.execute("DELETE FROM passkeys")

        assert (await ada.call("loginWithPasskey"))["error_code"] == "PASSKEY_UNKNOWN"
        assert (await ada.call("loginWithPasskey"))["error_code"] == "NotAllowedError"


async def test_browser_forgets_a_passkey_that_the_server_rejected(deployment: Deployment, chromium: Browser) -> None:
    async with visiting(deployment, chromium, factor="app") as ada:
        rejected = await ada.call("addPasskey", "L" * 61)  # the name is too long

        assert rejected["error_code"] == "VALIDATION_ERROR"
        assert (await ada.call("loginWithPasskey"))["error_code"] == "NotAllowedError"


def test_tests_call_every_function_of_the_page() -> None:
    code = "\n".join(blocks(read("second-factors"), "js"))
    exported = set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", code, re.MULTILINE))

    assert len(exported) > 5
    assert exported <= set(re.findall(r'"(\w+)"', Path(__file__).read_text(encoding="utf-8")))
