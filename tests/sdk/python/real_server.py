"""A client of either kind, and the server that it calls."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from auth_api_sdk import AsyncAuthClient, AuthClient, MemoryStore
from tests.sdk.python.fake_server import settled
from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import TIMEOUT_SECONDS

KINDS: Final[dict[str, Any]] = {"sync": AuthClient, "async": AsyncAuthClient}


@dataclass
class Clients:
    """A client and its server.

    Attributes:
        kind: `sync` or `async`.
        deployment: folder and database of the server.
        server: which the tests of a module share.
        client: a client of this kind.
    """

    kind: str
    deployment: Deployment
    server: RunningServer
    client: Any

    @property
    def return_to(self) -> str:
        """The address of an application that may use the pages."""
        return f"{self.server.url}/account/signed-in"

    @staticmethod
    def new_name() -> str:
        """Return a username that no other test uses."""
        return f"ada-{secrets.token_hex(8)}"

    async def log_in(self) -> tuple[str, Any, MemoryStore]:
        """Register a user; return the name, a session, and its store."""
        name, store = self.new_name(), MemoryStore()
        registered = await settled(self.client.register(email=f"{name}@example.com", username=name, password=PASSWORD))
        session = self.client.session(store)
        await settled(session.adopt(registered.tokens))
        return name, session, store

    async def verify_email(self, name: str) -> None:
        """Mark the e-mail address of a user as verified."""
        await self.deployment.execute(f"UPDATE users SET email_verified_at = created_at WHERE username = '{name}'")  # noqa: S608

    @asynccontextmanager
    async def behind_proxy(self) -> AsyncIterator[tuple[TcpProxy, Any]]:
        """Yield a proxy before the server, and a client that uses it."""
        with TcpProxy(self.server.port) as proxy:
            client = KINDS[self.kind](f"http://127.0.0.1:{proxy.port}")
            try:
                yield proxy, client
            finally:
                await settled(client.close())

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """Yield the HTTP client of a person with a browser without script."""
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            yield client


@asynccontextmanager
async def connected(kind: str, deployment: Deployment, server: RunningServer) -> AsyncIterator[Clients]:
    """Yield a client of a server, and close it at the end."""
    client = KINDS[kind](server.url, timeout=TIMEOUT_SECONDS)
    try:
        yield Clients(kind, deployment, server, client)
    finally:
        await settled(client.close())
