"""A person with a real browser adds a passkey at a real server, logs in with it, and uses it as second factor."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.support.actors import PASSWORD
from tests.support.browser import browser_page
from tests.support.deployment import Deployment
from tests.support.static_site import static_site
from tests.support.virtual_authenticator import add_virtual_authenticator

pytestmark = pytest.mark.slow

SEND = """async ({ url, method, token, body }) => {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(url, { method, headers, body: body === null ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, ...(text ? JSON.parse(text) : {}) };
}"""
CREATE = """async options => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}"""
GET = """async ({ options, mediation }) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey, mediation })).toJSON();
}"""


class Frontend:
    """The pages of an application, which call the API from the browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.token = ""

    async def send(self, path: str, body: object, *, method: str = "POST", with_token: bool = False) -> Any:
        """Send a request, and keep the access token of the response."""
        request = {"url": f"{self.url}{path}", "method": method, "token": with_token and self.token, "body": body}
        response = await self.page.evaluate(SEND, request)
        self.token = response.get("access_token", self.token)
        return response

    async def use_passkey(self, options: Any, *, mediation: str = "optional") -> Any:
        """Let the browser use a passkey."""
        return await self.page.evaluate(GET, {"options": options["public_key"], "mediation": mediation})

    async def log_in_with_passkey(self, mediation: str) -> Any:
        """Log in with a passkey."""
        options = await self.send("/api/auth/passkey/options", {})
        return await self.send(
            "/api/auth/passkey/login", {"credential": await self.use_passkey(options, mediation=mediation)}
        )


@pytest.mark.parametrize("synchronises", [True, False])
async def test_passkey_of_a_browser_works_at_a_server(
    chromium: Browser, deployment: Deployment, *, synchronises: bool
) -> None:
    method = "swk" if synchronises else "hwk"
    with (
        static_site({"/": "<title>Page</title><input autocomplete='username webauthn'>"}) as origin,
        deployment.server(PASSKEY_RP_ID="localhost", PASSKEY_ORIGINS=origin) as server,
    ):
        async with browser_page(chromium) as visit:
            await visit.page.goto(origin)
            await add_virtual_authenticator(visit.page, synchronises=synchronises)
            ada = Frontend(visit.page, server.url)
            account = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
            assert (await ada.send("/api/auth/register", account))["status"] == 201

            options = await ada.send("/api/user/passkeys/options", {}, with_token=True)
            credential = await visit.page.evaluate(CREATE, options["public_key"])
            added = await ada.send("/api/user/passkeys", {"credential": credential}, with_token=True)
            assert (added["status"], added["amr"]) == (201, ["pwd", method, "mfa"])
            assert (added["passkey"]["backed_up"], len(added["recovery_codes"])) == (synchronises, 10)

            for mediation in ("optional", "conditional"):
                logged_in = await ada.log_in_with_passkey(mediation)
                assert (logged_in["status"], logged_in["amr"]) == (200, [method, "mfa"])

            switched = await ada.send("/api/user/two-step", {"enabled": True}, with_token=True)
            assert (switched["status"], switched["two_step"]) == (200, True)
            pending = await ada.send("/api/auth/login", {"username": "ada", "password": PASSWORD})
            assert (pending["status"], pending["methods"][0]) == (403, "passkey")
            token = {"mfa_token": pending["mfa_token"]}
            used = await ada.use_passkey(await ada.send("/api/auth/mfa/passkey-options", token))
            completed = await ada.send("/api/auth/mfa", {**token, "method": "passkey", "credential": used})
            assert (completed["status"], completed["acr"]) == (200, "phr")

            used = await ada.use_passkey(await ada.send("/api/auth/step-up/passkey-options", {}, with_token=True))
            body = {"method": "passkey", "credential": used}
            assert (await ada.send("/api/auth/step-up", body, with_token=True))["status"] == 200

            path = f"/api/user/passkeys/{added['passkey']['id']}"
            assert (await ada.send(path, None, method="DELETE", with_token=True))["status"] == 204
            assert (await ada.log_in_with_passkey("optional"))["error_code"] == "PASSKEY_UNKNOWN"
