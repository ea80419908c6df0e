"""A product with a person, a browser, and the applications to which the person signs in."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.installed_browsers import chromium_or_skip
from tests.support.processes import free_port
from tests.support.product import Product, running_product

_VARIABLE: Final = re.compile(r"^([A-Z_]+)=(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Provider:
    """A product whose user `ada` has the role `editor`."""

    product: Product

    def register(self, name: str, kind: str, redirect_uri: str, *options: str) -> dict[str, str]:
        """Register an application, and return the variables that the command prints."""
        uris = ("--redirect-uri", redirect_uri, "--post-logout-redirect-uri", goodbye_of(redirect_uri))
        scopes = [part for scope in ("openid", "profile", "email", "roles") for part in ("--scope", scope)]
        done = self.product.deployment.command(
            "oauth", "clients", "add", name, "--kind", kind, *uris, *scopes, *options, PUBLIC_URL=self.product.origin
        )
        assert done.returncode == 0, done.stderr
        return {**dict(_VARIABLE.findall(done.stdout)), "OIDC_REDIRECT_URI": redirect_uri}

    async def log_in(self, page: Page, *, answer: str = "Allow") -> None:
        """Log in on the pages, and answer what the application asks for."""
        await page.wait_for_url(f"{self.product.origin}/account/login*")
        await page.get_by_label("Username or e-mail address").fill("ada")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Log in", exact=True).click()
        await page.get_by_role("button", name=answer).click()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser, shared by the tests of this folder."""
    async with chromium_or_skip() as browser:
        yield browser


@pytest.fixture(scope="session")
async def provider(deployment_factory: DeploymentFactory) -> AsyncIterator[Provider]:
    """Two workers of auth_api with the OAuth provider."""
    with running_product(await deployment_factory(), workers=2, OAUTH_ENABLED="true") as product:
        run = product.deployment.command
        run("roles", "create", "editor").check_returncode()
        options = ("--verified", "--role", "editor", "--password-stdin")
        run("users", "create", "ada@example.com", "ada", *options, stdin=PASSWORD).check_returncode()
        yield Provider(product)


@pytest.fixture(scope="session")
def upstream() -> Iterator[int]:
    """The port of an application without logins, which shows the headers of the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(
                json.dumps({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}}).encode()
            )

        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", free_port()), Handler) as site:
        thread = Thread(target=site.serve_forever)
        thread.start()
        yield site.server_port
        site.shutdown()
        thread.join()


def goodbye_of(redirect_uri: str) -> str:
    """Return where the browser arrives after a log-out."""
    return "/".join([*redirect_uri.split("/")[:3], "goodbye"])


async def shown(page: Page) -> dict[str, Any]:
    """Return the JSON document that an application shows."""
    document: dict[str, Any] = json.loads(await page.inner_text("body"))
    return document
