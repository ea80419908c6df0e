"""Cost limits of the most frequent requests, in numbers that are the same on every machine.

`python -m benchmarks.calls` counts Python function calls, `python -m benchmarks.layers` measures processor time.
"""

import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from auth_api.kit.crypto.passwords import PasswordHasher
from tests.conftest import OtherAppFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.caller import Caller
from tests.support.held_hasher import remove_all_slots
from tests.support.statements import recorded

PATHS: Final = ("profile", "refresh", "login")

MAX_STATEMENTS: Final = {
    "sqlite": {"profile": 1, "refresh": 3, "login": 8},
    "postgres": {"profile": 1, "refresh": 1, "login": 8},
}
"""Without BEGIN and COMMIT. A refresh on PostgreSQL is one statement without a transaction."""

REQUESTS: Final = 100


@dataclass
class HotPaths:
    """An application with all limits enabled, and a user who has logged in."""

    caller: Caller
    engine: Any
    hasher: PasswordHasher
    access_token: str
    refresh_token: str

    async def profile(self) -> None:
        await self.caller.call("GET", "/api/user/profile", token=self.access_token)

    async def refresh(self) -> None:
        body = json.dumps({"refresh_token": self.refresh_token}).encode()
        self.refresh_token = json.loads(await self.caller.call("POST", "/api/auth/refresh", body=body))["refresh_token"]

    async def login(self) -> None:
        body = json.dumps({"username": "ada", "password": PASSWORD}).encode()
        await self.caller.call("POST", "/api/auth/login", body=body)


@pytest.fixture
async def paths(app_with: OtherAppFactory) -> AsyncIterator[HotPaths]:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        ada = Actor(other.client)
        registered = (await ada.register()).json
        engine, hasher = other.services.core.database.engine, other.services.core.hasher
        yield HotPaths(Caller(other.app), engine, hasher, registered["access_token"], registered["refresh_token"])


@pytest.mark.parametrize("path", PATHS)
async def test_number_of_statements_is_limited(paths: HotPaths, path: str, engine: str) -> None:
    work = getattr(paths, path)
    await work()

    with recorded(paths.engine) as statements:
        await work()

    assert len(statements) <= MAX_STATEMENTS[engine][path], statements


async def test_login_without_a_free_hash_slot_executes_no_statement(
    paths: HotPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_all_slots(paths.hasher, monkeypatch)

    with recorded(paths.engine) as statements, pytest.raises(AssertionError, match="SERVER_OVERLOADED"):
        await paths.login()

    assert statements == []


async def test_session_check_leaves_nothing_for_the_garbage_collector(paths: HotPaths) -> None:
    """A reference cycle costs nothing when it is made; collecting those of many requests delays all requests."""
    for _ in range(3):
        await paths.profile()

    found = min([await garbage_of(paths.profile, times=REQUESTS) for _ in range(10)])  # other code leaves some at times

    assert found < REQUESTS  # a cycle has at least one member


async def garbage_of(work: Callable[[], Awaitable[None]], *, times: int) -> int:
    """Return the number of objects that only the garbage collector finds."""
    gc.collect()
    gc.freeze()  # so that the second collection looks only at what the work leaves
    gc.disable()
    try:
        for _ in range(times):
            await work()
        return gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
