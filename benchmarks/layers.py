"""Measure each layer of a request in one process, without a network: `python -m benchmarks.layers`.

Prints the processor time of the event loop's thread, the best of many short batches, because other programs on the
machine disturb that least. An indented line is part of the line above it.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count, cycle
from typing import Any, Final

import uvloop

from auth_api.app import create_app
from auth_api.credentials.api_keys.api_key import KeyOwner, NewKey
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.kit.logging import configure_logging, log_request
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions import principal_repository
from auth_api.sessions.tables import SessionRow
from auth_api.settings import Settings
from benchmarks.contestants import PASSWORD, our_environment
from benchmarks.floors import bare_litestar
from benchmarks.seeding import seed
from tests.support.caller import Caller
from tests.support.lifespan import started
from tests.support.postgres import PostgresServer, create_database

PEOPLE: Final = 200
BATCH: Final = 20
BATCHES: Final = 150

Work = Callable[[], Awaitable[object]]


async def cost(work: Work, *, batch: int = BATCH, batches: int = BATCHES) -> float:
    """Return the processor time of the work in this thread, in microseconds."""
    seconds = []
    for _ in range(batches):
        began = time.thread_time()
        for _ in range(batch):
            await work()
        seconds.append((time.thread_time() - began) / batch)
    return min(seconds) * 1e6


async def measure(database_url: str) -> dict[str, float]:
    """Return the cost of each layer, and of whole requests."""
    settings = Settings.from_env(our_environment(database_url))
    people = await seed(settings, PEOPLE, PASSWORD)
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230, PTH123 - opened once
        configure_logging(level="INFO", as_json=True, descriptor=nowhere.fileno())
        app = create_app(settings)
        async with started(app):
            return {**await _layers(app.state.services, people), **await _requests(app, people)}


async def _layers(services: Services, people: list[tuple[str, str, str]]) -> dict[str, float]:
    claims = [services.core.sessions.access_tokens.verify(token) for _, token, _ in people]
    turn, tokens = cycle(claims), cycle([token for _, token, _ in people])
    engine: Any = services.core.database.engine
    connection = await engine.acquire()
    statement = "SELECT s.*, u.* FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"

    async def verify() -> None:
        services.core.sessions.access_tokens.verify(next(tokens))

    async def verify_anew() -> None:
        services.core.sessions.access_tokens.verify_ignoring_expiry(next(tokens))

    async def line() -> None:
        fields = {
            "event": "request:completed",
            "method": "GET",
            "route": "/",
            "path": "/",
            "status": 200,
            "duration_ms": 1.5,
        }
        log_request(__name__, **fields)

    async def fetch() -> None:
        await connection.fetch(statement, next(turn).sid)

    async def borrow() -> None:
        await engine.release(await engine.acquire(), clean=True)

    async def nothing() -> None:
        return None

    async def guard() -> None:
        await breakers.get(SERVICE).call_async(nothing)

    async def find() -> None:
        claim = next(turn)
        await principal_repository.find_principal(claim.sid, claim.user_id)

    key = await _new_key(services, claims[0].user_id)

    async def find_key() -> None:
        await services.core.api_keys.identify(key, None)

    costs = {
        "session check": await cost(find),
        "API key check": await cost(find_key),
        "  round trip on a cached connection": await cost(fetch),
        "  acquire and release a connection": await cost(borrow),
        "  circuit breaker": await cost(guard),
        "  query built by Piccolo": await cost(lambda: _built(next(turn).sid)),
        "access token, cached": await cost(verify),
        "access token, not cached": await cost(verify_anew),
        "access line": await cost(line),
    }
    await engine.release(connection, clean=True)
    return costs


async def _new_key(services: Services, user_id: int) -> str:
    new = NewKey(name="benchmark", scopes=("profile:read",), lifetime=None)
    owner, request_context = KeyOwner(user_id=user_id), RequestContext()
    created = await services.core.database.transaction(
        lambda: services.core.api_keys.create(owner, new, request_context)
    )
    return created.raw


async def _built(session_id: object) -> None:
    query = SessionRow.raw("SELECT id FROM sessions WHERE id = {} AND user_id = {}", session_id, 1)
    query.querystrings[0].compile_string()


class HotPaths:
    """The most frequent requests, sent to an application in this process, each by the next of some people."""

    def __init__(self, app: Any, people: list[tuple[str, str, str]]) -> None:
        self._caller = Caller(app)
        self._people = people
        self._access_tokens = cycle([token for _, token, _ in people])
        self._refresh_tokens = [token for _, _, token in people]
        self._numbers = count()

    async def profile(self) -> None:
        """Read a profile: a session check and little else."""
        await self._caller.call("GET", "/api/user/profile", token=next(self._access_tokens))

    async def refresh(self) -> None:
        """Exchange a refresh token."""
        index = next(self._numbers) % len(self._people)
        body = json.dumps({"refresh_token": self._refresh_tokens[index]}).encode()
        response = json.loads(await self._caller.call("POST", "/api/auth/refresh", body=body))
        self._refresh_tokens[index] = response["refresh_token"]

    async def log_in(self) -> None:
        """Log in."""
        email, _, _ = self._people[next(self._numbers) % len(self._people)]
        body = json.dumps({"email": email, "password": PASSWORD}).encode()
        await self._caller.call("POST", "/api/auth/login", body=body)

    async def try_to_log_in(self) -> None:
        """Send a login that the server is too busy for.

        Raises:
            RuntimeError: it was not rejected for that reason.
        """
        try:
            await self.log_in()
        except AssertionError as error:
            if b"SERVER_OVERLOADED" in error.args[0]:
                return
        message = "the login was not rejected"
        raise RuntimeError(message)


async def _requests(app: Any, people: list[tuple[str, str, str]]) -> dict[str, float]:
    paths, bare = HotPaths(app, people), Caller(bare_litestar)
    return {
        "GET profile": await cost(paths.profile),
        "POST refresh": await cost(paths.refresh),
        "POST login without the hash": await cost(paths.log_in, batch=5, batches=20),
        "bare Litestar": await cost(lambda: bare.call("GET", "/api/user/profile")),
    }


def main() -> None:
    """Measure and print."""
    with PostgresServer() as server:
        url = asyncio.run(create_database(server.url(), "layers"))
        for name, microseconds in uvloop.run(measure(url)).items():
            sys.stdout.write(f"{microseconds:8.0f} µs  {name}\n")


if __name__ == "__main__":
    main()
