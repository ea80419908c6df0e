"""Measure logins by a provider, and what a provider that does not answer costs: `python -m benchmarks.providers`.

In one process on SQLite, without a network. The times of requests are processor times, which other programs on the
machine disturb least; a provider in memory answers at once. The provider that does not answer is a real connection.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from auth_api import adapters, composition
from auth_api.app import create_app
from auth_api.credentials.providers.service import Providers
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.logging import configure_logging
from auth_api.settings import Settings
from benchmarks.contestants import PASSWORD, our_environment
from benchmarks.seeding import seed
from tests.support.fake_provider import FakeProvider
from tests.support.lifespan import started
from tests.support.statements import recorded
from tests.support.upstream.authority import Authority
from tests.support.upstream.provider import LyingProvider, hang
from tests.support.upstream.shapes import GENERIC

ROUNDS: Final = 200
LOGINS: Final = 20
ORIGIN: Final = "https://auth.example.org"
APPLICATION: Final = "https://app.example.com/signed-in"
VERIFIER: Final = "v" * 43
START: Final = {"return_to": APPLICATION, "code_challenge": challenge_of(VERIFIER)}

Costs = dict[str, list[float]]


class Browser:
    """Logs in as a browser and its application do, and keeps the processor time of each request."""

    def __init__(self, client: httpx.AsyncClient, provider: str, issuer: str) -> None:
        self._client = client
        self._path = f"/api/auth/providers/{provider}"
        self._answer = {"code": "any-code", "iss": issuer}
        self.costs: Costs = {"start": [], "callback": [], "exchange": []}

    async def start(self) -> str:
        """Return the state of a new sign-in."""
        response = await self._timed("start", lambda: self._client.get(f"{self._path}/start", params=START))
        return parse_qs(urlsplit(response.headers["location"]).query)["state"][0]

    async def come_back(self, state: str) -> httpx.Response:
        """Come back from the provider."""
        answer = {"state": state, **self._answer}
        return await self._timed("callback", lambda: self._client.get(f"{self._path}/callback", params=answer))

    async def log_in(self) -> httpx.Response:
        """Sign in as the provider's only person, and exchange the code."""
        leading = await self.come_back(await self.start())
        back = await self._client.get(leading.headers["location"])
        code = parse_qs(urlsplit(back.headers["location"]).fragment)["code"][0]
        body = {"code": code, "code_verifier": VERIFIER}
        return await self._timed("exchange", lambda: self._client.post("/api/auth/exchange", json=body))

    async def _timed(self, name: str, request: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        began = time.thread_time()
        response = await request()
        self.costs[name].append(1000 * (time.thread_time() - began))
        return response


def client_of(app: Any) -> httpx.AsyncClient:
    """Return a client of the application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN)


async def measure_logins(settings: Settings) -> None:
    """Measure the requests of a login by a provider that answers at once."""
    setattr(composition, "create_providers", lambda *_: Providers((FakeProvider(),)))  # noqa: B010 - a seam of tests
    app = create_app(settings)
    async with started(app), client_of(app) as client:
        browser = Browser(client, "acme", "https://acme.example")
        token = (await browser.log_in()).json()["signup_token"]
        choice = {"signup_token": token, "username": "ada"}
        (await client.post("/api/auth/providers/register", json=choice)).raise_for_status()
        for _ in range(ROUNDS):
            (await browser.log_in()).raise_for_status()
        with recorded(app.state.services.core.database.engine) as statements:
            await browser.start()
    for name, costs in browser.costs.items():
        p99 = quantiles(costs[2:], n=100)[98]
        sys.stdout.write(f"{name:9} p50 {median(costs[2:]):6.2f} ms   p99 {p99:6.2f} ms\n")
    sys.stdout.write(f"start     {len(statements)} statements\n")


async def measure_outage(settings: Settings, emails: list[str], provider: LyingProvider) -> None:
    """Measure callbacks and logins by a password while a provider accepts connections and never answers."""
    app = create_app(settings, outbound=provider.outbound)
    async with started(app), client_of(app) as client:

        async def passwords() -> float:
            began = time.perf_counter()
            for email in emails:
                body = {"email": email, "password": PASSWORD}
                (await client.post("/api/auth/login", json=body)).raise_for_status()
            return (time.perf_counter() - began) / LOGINS

        browser = Browser(client, GENERIC.id, GENERIC.issuer)
        states = [await browser.start() for _ in range(13)]
        without = [await passwords() for _ in range(3)]
        provider.answers["token"] = hang
        began = time.perf_counter()
        waiting = [asyncio.create_task(browser.come_back(state)) for state in states[:12]]
        during = [await passwords() for _ in range(3)]
        await asyncio.gather(*waiting)
        sys.stdout.write(f"twelve callbacks at once, no answer: {time.perf_counter() - began:.1f} s\n")
        began = time.perf_counter()
        await browser.come_back(states[12])
        sys.stdout.write(f"the next callback: {1000 * (time.perf_counter() - began):.0f} ms\n")
        sys.stdout.write(f"login by password meanwhile: {min(during) / min(without):.2f} times as long\n")


async def measure() -> None:
    """Measure everything."""
    with TemporaryDirectory(prefix="auth-api-providers-") as folder:
        variables = {"RETURN_URLS": f'["{APPLICATION}"]', "CIRCUIT_BREAKER_THRESHOLD": "5"}
        environ = our_environment(f"sqlite:///{folder}/auth.db", **variables)
        emails = [email for email, *_ in await seed(Settings.from_env(environ), LOGINS, PASSWORD)]
        own = adapters.create_providers
        acme = {"PROVIDERS": '["acme"]', "PROVIDER_ACME_CLIENT_ID": "a", "PROVIDER_ACME_ISSUER": "https://acme.example"}
        await measure_logins(Settings.from_env({**environ, **acme}))
        setattr(composition, "create_providers", own)  # noqa: B010 - as above
        async with LyingProvider(GENERIC).running(Authority(Path(folder))) as provider:
            await measure_outage(Settings.from_env({**environ, **provider.variables}), emails, provider)


def main() -> None:
    """Measure and print."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - opened once
        configure_logging(level="INFO", as_json=True, descriptor=nowhere.fileno())
        asyncio.run(measure())


if __name__ == "__main__":
    main()
