"""Log in by oidc-provider with each kind of signature and client authentication, without a browser."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest

from auth_api.kit.crypto.flow_secrets import challenge_of
from tests.providers.conftest import redirect_uri
from tests.providers.running import running_oidc_provider
from tests.support.deployment import Deployment
from tests.support.installing import skipped_if_not_installed
from tests.support.processes import free_port
from tests.support.product import running_product
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.providers, pytest.mark.engine_independent]

APPLICATION: Final = "http://localhost:3000/signed-in"
VERIFIER: Final = "v" * 43


def signed_in(browser: httpx.Client, url: str) -> str:
    """Fill in the forms of the provider as Ada, and return the address at which the application gets the result."""
    response = browser.get(url)
    for _ in range(20):
        if response.is_redirect:
            address = urljoin(str(response.url), response.headers["location"])
            if address.startswith(APPLICATION):
                return address
            response = browser.get(address)
            continue
        assert response.status_code == httpx.codes.OK, response.text
        (action,) = re.findall(r'action="([^"]+)"', response.text)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', response.text))
        fields |= {"login": "ada", "password": "any"} if 'name="login"' in response.text else {}
        response = browser.post(urljoin(str(response.url), action), data=fields)
    raise AssertionError(response.url)


@pytest.mark.parametrize(
    ("algorithm", "authentication"),
    [("RS256", "client_secret_basic"), ("PS256", "client_secret_post"), ("EdDSA", "client_secret_basic")],
)
def test_person_registers_and_logs_in(
    deployment: Deployment, tmp_path: Path, algorithm: str, authentication: str
) -> None:
    own_port = free_port()
    url = f"http://localhost:{own_port}"
    challenge = challenge_of(VERIFIER)
    start = f"{url}/api/auth/providers/op/start?return_to={APPLICATION}&code_challenge={challenge}"

    def exchange(browser: httpx.Client, *, prompt: str = "") -> httpx.Response:
        address = signed_in(browser, f"{start}{prompt}")
        fragment = dict(parse_qsl(urlsplit(address).fragment))
        return browser.post(f"{url}/api/auth/exchange", json={"code": fragment["code"], "code_verifier": VERIFIER})

    running = running_oidc_provider(
        free_port(), redirect_uri(own_port, "op"), tmp_path, algorithm=algorithm, authentication=authentication
    )
    with (
        skipped_if_not_installed(),
        running as upstream,
        running_product(
            deployment,
            port=own_port,
            PUBLIC_URL=url,
            RETURN_URLS=f'["{APPLICATION}"]',
            **upstream.variables("op", TRUST_EMAIL="true"),  # type: ignore[arg-type]
        ),
        httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as browser,
    ):
        unknown = exchange(browser).json()
        assert unknown["suggested"]["email_verified"] is True
        choice = {"signup_token": unknown["signup_token"], "username": "ada"}
        registered = browser.post(f"{url}/api/auth/providers/register", json=choice)
        assert (registered.status_code, registered.json()["email"]) == (201, "ada@upstream.example")

        for prompt in ("", "&prompt=login"):
            again = exchange(browser, prompt=prompt)
            assert (again.status_code, again.json()["user"]["id"]) == (200, registered.json()["id"]), again.text
