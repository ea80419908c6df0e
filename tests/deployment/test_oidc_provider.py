"""Log in with `oidc-provider`, a certified implementation of OpenID Connect. Needs Node.js 20 or newer, with npm."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest

from auth_api.kit.crypto.flow_secrets import challenge_of
from tests.deployment.conftest import running
from tests.support.deployment import Deployment
from tests.support.processes import free_port

pytestmark = [pytest.mark.deployment, pytest.mark.engine_independent]

HERE: Final = Path(__file__).parent / "oidc_provider"
FOLDER: Final = Path(__file__).parents[2] / "build" / "oidc_provider"
APPLICATION: Final = "http://localhost:3000/signed-in"
VERIFIER: Final = "v" * 43
CLIENT: Final = ("a client: of+the%provider", "a secret: of+the%client")
"""Each character has to be encoded in Basic authentication (RFC 6749 §2.3.1)."""


@pytest.fixture(scope="module")
def program() -> Path:
    """Install the provider once."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in HERE.iterdir():
        shutil.copy(file, FOLDER)
    command = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    subprocess.run(command, cwd=FOLDER, check=True)
    return FOLDER / "provider.mjs"


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
def test_person_registers_and_logs_in_with_oidc_provider(
    program: Path, deployment: Deployment, tmp_path: Path, algorithm: str, authentication: str
) -> None:
    port, own_port = free_port(), free_port()
    url = f"http://localhost:{own_port}"
    variables: dict[str, Any] = {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": url,
        "RETURN_URLS": f'["{APPLICATION}"]',
        "PROVIDERS": "op",
        "PROVIDER_OP_ISSUER": f"http://localhost:{port}",
        "PROVIDER_OP_CLIENT_ID": CLIENT[0],
        "PROVIDER_OP_CLIENT_SECRET": CLIENT[1],
        "PROVIDER_OP_TRUST_EMAIL": "true",
    }
    callback = f"{url}/api/auth/providers/op/callback"
    command = ["node", str(program), str(port), algorithm, authentication, *CLIENT, callback]
    challenge = challenge_of(VERIFIER)
    start = f"{url}/api/auth/providers/op/start?return_to={APPLICATION}&code_challenge={challenge}"

    def exchange(browser: httpx.Client, *, prompt: str = "") -> httpx.Response:
        address = signed_in(browser, f"{start}{prompt}")
        fragment = dict(parse_qsl(urlsplit(address).fragment))
        return browser.post(f"{url}/api/auth/exchange", json={"code": fragment["code"], "code_verifier": VERIFIER})

    with (
        running(command, tmp_path / "provider.log", ready=port),
        deployment.server(port=own_port, **variables),
        httpx.Client(timeout=30) as browser,
    ):
        unknown = exchange(browser).json()
        assert unknown["suggested"]["email_verified"] is True
        choice = {"signup_token": unknown["signup_token"], "username": "ada"}
        registered = browser.post(f"{url}/api/auth/providers/register", json=choice)
        assert (registered.status_code, registered.json()["email"]) == (201, "ada@example.com")

        for prompt in ("", "&prompt=login"):
            again = exchange(browser, prompt=prompt)
            assert (again.status_code, again.json()["user"]["id"]) == (200, registered.json()["id"]), again.text
