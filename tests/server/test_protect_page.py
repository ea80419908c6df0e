"""The servers of docs/protect-your-api.md refuse what is revoked, across a crash of auth_api."""

import asyncio
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.resource_servers import serving
from tests.support.waiting import TIMEOUT_SECONDS, wait_until
from tests.support.walkthrough import blocks

pytestmark = pytest.mark.slow

PAGE: Final = (Path(__file__).parents[2] / "docs" / "protect-your-api.md").read_text(encoding="utf-8")

ACCEPTED: Final = (200, "")
REVOKED: Final = (401, "TOKEN_REVOKED")
EXPIRED: Final = (401, "TOKEN_EXPIRED")
DENIED: Final = (403, "PERMISSION_DENIED")
NOT_READY: Final = (503, "NOT_READY")


@dataclass(frozen=True)
class OrdersApis:
    """The two servers of the page."""

    clients: tuple[httpx.Client, ...]

    def outcomes(self, token: str, request: str = "GET /orders") -> set[tuple[int, str]]:
        """Return the statuses and codes of the responses."""
        method, path = request.split()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        responses = [client.request(method, path, headers=headers) for client in self.clients]
        return {(each.status_code, each.json().get("error_code", "")) for each in responses}

    def wait_for(self, outcome: tuple[int, str], token: str, request: str = "GET /orders") -> None:
        """Wait until both respond in this way."""
        wait_until(lambda: self.outcomes(token, request) == {outcome})


@contextmanager
def orders_apis(folder: Path, issuer: str, key: str) -> Iterator[OrdersApis]:
    """Run the servers of the page, which poll more often."""
    names = []
    often = "import auth_api_sdk.verification.engine\n\nauth_api_sdk.verification.engine.POLL_SECONDS = 0.2\n"
    for code in blocks(PAGE, "python"):
        (name,) = re.findall(r'\A"""(\w+)\.py: ', code)
        adapted = code.replace("https://auth.example.com", issuer)
        (folder / f"{name}.py").write_text(often + adapted, encoding="utf-8")
        names.append(name)
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(name, folder, {"AUTH_API_KEY": key})) for name in names]
        clients = [httpx.Client(base_url=url, trust_env=False, timeout=TIMEOUT_SECONDS) for url in urls]
        yield OrdersApis(tuple(map(stack.enter_context, clients)))


@pytest.fixture
def variables(deployment: Deployment) -> dict[str, Any]:
    """The settings of a server whose tokens other services can verify."""
    return {
        "JWT_ALGORITHM": "EdDSA",
        "JWT_PRIVATE_KEY": deployment.command("keys", "generate", "--algorithm", "EdDSA", "--one-line").stdout.strip(),
        "TOKEN_DERIVATION_KEY": deployment.command("secrets", "generate").stdout.strip(),
        "JWT_SECRET_KEY": "",
    }


def run_documented(deployment: Deployment, variables: dict[str, Any], words: str) -> list[str]:
    """Run the commands of the page that begin with these words, and return what each printed."""
    commands = re.findall(rf"^auth-api ({words} .*)$", PAGE, re.MULTILINE)
    done = [deployment.command(*shlex.split(command), **variables) for command in commands]
    assert done, words
    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * len(done)
    return [each.stdout for each in done]


async def test_documented_servers_refuse_what_is_revoked(
    deployment: Deployment, variables: dict[str, Any], tmp_path: Path
) -> None:
    def auth_api(*arguments: str) -> None:
        deployment.command(*arguments, **variables).check_returncode()

    with deployment.server(workers=2, **variables) as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            people = [
                Actor(client, name, f"{name}@example.com") for name in ("ada", "grace", "linus", "alan", "edsger")
            ]
            ada, grace, linus, alan, edsger = people
            for person in people:
                assert (await person.register()).status == 201
            for words in ("service-accounts create", "permissions set", "roles create", "roles grant"):
                run_documented(deployment, variables, words)
            auth_api("roles", "grant", "grace", "support")
            await grace.log_in()
            printed = run_documented(deployment, variables, "api-keys create")
            own_key, script_key = (re.findall(r"auth_svc_\w+", text)[0] for text in printed)
            server.kill()
            with orders_apis(tmp_path, server.url, own_key) as apis:
                assert apis.outcomes(ada.access_token) == {NOT_READY}

                server.start()
                apis.wait_for(ACCEPTED, ada.access_token)

                assert apis.outcomes("") == {(401, "AUTHENTICATION_REQUIRED")}
                for token in ("x", ada.refresh_token, ada.access_token[:-4] + "AAAA"):
                    assert apis.outcomes(token) == {(401, "TOKEN_INVALID")}
                for request, callers in {
                    "GET /reports": {grace.access_token: ACCEPTED, ada.access_token: DENIED},
                    "DELETE /orders": {ada.access_token: ACCEPTED},
                    "POST /refunds": {grace.access_token: ACCEPTED, ada.access_token: DENIED}
                    | {script_key: ACCEPTED, own_key: DENIED, "auth_svc_x": REVOKED, "x": (401, "TOKEN_INVALID")},
                }.items():
                    assert {token: apis.outcomes(token, request) for token in callers} == {
                        token: {outcome} for token, outcome in callers.items()
                    }

                await ada.log_out()
                auth_api("users", "disable", "linus")
                await alan.call("POST", "/api/user/delete", json={"current_password": alan.password})
                auth_api("roles", "revoke", "grace", "support")
                for person, outcome in ((ada, REVOKED), (linus, REVOKED), (alan, EXPIRED), (grace, EXPIRED)):
                    apis.wait_for(outcome, person.access_token)
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    while apis.outcomes(grace.access_token) != {ACCEPTED}:  # in the second of the change
                        await grace.refresh()
                assert apis.outcomes(grace.access_token, "GET /reports") == {DENIED}

                await edsger.log_out()
                server.kill()
                assert apis.outcomes(ada.access_token) == {REVOKED}
                assert apis.outcomes(grace.access_token) == {ACCEPTED}
                assert apis.outcomes(grace.access_token, "POST /refunds") == {NOT_READY}

                server.start()
                apis.wait_for(REVOKED, edsger.access_token)
                assert apis.outcomes(grace.access_token, "POST /refunds") == {ACCEPTED}
