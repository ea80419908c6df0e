"""What a request may cost, counted instead of timed: statements of the database, and calls of Python functions.

A change that makes a hot path clearly heavier fails here, on any machine and whatever else runs on it. One that makes
it lighter may fail as well, and then takes the number down. `python -m benchmarks.layers` says where the time goes.
"""

import gc
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import pytest

from auth_api.kit.crypto.passwords import PasswordHasher
from tests.conftest import OtherAppFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.caller import Caller
from tests.support.held_hasher import remove_all_slots
from tests.support.statements import recorded

PATHS: Final = ("profile", "refresh", "login")

STATEMENTS: Final = {
    "sqlite": {"profile": 1, "refresh": 3, "login": 8},
    "postgres": {"profile": 1, "refresh": 1, "login": 8},
}
"""Without BEGIN and COMMIT, which a login needs on both engines and a refresh on SQLite only."""

CALLS: Final = {
    "sqlite": {"profile": 264, "refresh": 790, "login": 1545},
    "postgres": {"profile": 303, "refresh": 497, "login": 1872},
}
"""Of functions written in Python, in the event loop's thread."""

REFUSAL: Final = 85
"""Of functions, for a login that finds no room: at ten times the capacity there are nine of them for each other."""

BAND: Final = 0.12
"""Python 3.11 and 3.13 differ by four percent."""


@dataclass
class HotPaths:
    """An application with all limits on, and somebody who has logged in."""

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
        engine, hasher = other.services.database.engine, other.services.hasher
        yield HotPaths(Caller(other.app), engine, hasher, registered["access_token"], registered["refresh_token"])


async def calls_of(work: Callable[[], Awaitable[None]]) -> int:
    """Return how many functions the work calls, a coroutine counting each time that it goes on."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    gc.disable()  # finalizers are functions, too
    sys.setprofile(count)
    try:
        await work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


@pytest.mark.parametrize("path", PATHS)
async def test_a_hot_path_asks_the_database_no_more_than_it_has_to(paths: HotPaths, path: str, engine: str) -> None:
    work = getattr(paths, path)
    await work()

    with recorded(paths.engine) as statements:
        await work()

    assert len(statements) <= STATEMENTS[engine][path], statements


async def test_a_session_check_leaves_nothing_for_the_garbage_collector(paths: HotPaths) -> None:
    """A circle of references costs nothing where it is made, and all requests together where it is found."""
    for _ in range(3):
        await paths.profile()

    found = min([await garbage_of(paths.profile, times=100) for _ in range(3)])  # others leave some, now and then

    assert found < 100  # a circle has two members at least


async def garbage_of(work: Callable[[], Awaitable[None]], *, times: int) -> int:
    """Return how many objects the work leaves that only the garbage collector finds."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            await work()
        return gc.collect()
    finally:
        gc.enable()


@pytest.mark.parametrize("path", PATHS)
async def test_a_hot_path_calls_no_more_functions_than_it_used_to(paths: HotPaths, path: str, engine: str) -> None:
    work, expected = getattr(paths, path), CALLS[engine][path]
    for _ in range(3):  # what is done once is remembered now
        await work()

    calls = min([await calls_of(work) for _ in range(5)])  # the least disturbed one

    assert expected * (1 - BAND) <= calls <= expected * (1 + BAND), f"{calls} calls"


async def test_a_login_that_finds_no_room_costs_next_to_nothing(
    paths: HotPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses = []

    async def refused() -> None:
        try:
            await paths.login()
        except AssertionError as error:
            responses.append(error.args[0])

    remove_all_slots(paths.hasher, monkeypatch)
    for _ in range(3):
        await refused()

    with recorded(paths.engine) as statements:
        calls = min([await calls_of(refused) for _ in range(5)])

    assert len(responses) == 8
    assert all(b"SERVER_OVERLOADED" in response for response in responses)
    assert statements == []
    assert calls <= REFUSAL
