"""FT34, FT35: parallel uses of authorization codes and refresh tokens by applications, while workers are killed."""

import asyncio
import json
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.crypto.tokens import digest
from tests.faults.conftest import OAUTH, Testbed
from tests.support.actors import Actor
from tests.support.simulated_users import Observations
from tests.support.visitor import Visitor
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.slow

BROWSERS = 8
TABS = 3
RACES_BY_WORKERS = {2: 100, 4: 2000}
RACES_PER_KILL = 50
CALLBACK = "https://app.example.com/callback"
VERIFIER = "v" * 43
ACCEPTED = {"200", "303", "400 invalid_grant", "no response", "503", "503 temporarily_unavailable"}

CODES = (
    "SELECT oauth_clients.client_id, code_hash, state, oauth_grants.id, ended_reason FROM oauth_requests "
    "JOIN oauth_clients ON oauth_clients.id = oauth_requests.client_id "
    "LEFT JOIN oauth_grants ON oauth_grants.id = grant_id"
)
GRANTS = (
    "SELECT oauth_clients.client_id, ended_reason FROM oauth_grants "
    "JOIN oauth_clients ON oauth_clients.id = oauth_grants.client_id"
)

Send = Callable[[], Awaitable[httpx.Response | None]]


@dataclass
class Browser:
    """A person who is signed in, and an application without a secret that runs in several tabs of the browser."""

    client: httpx.AsyncClient
    client_id: str
    seen: Counter[str]

    async def send(self, method: str, path: str, **arguments: Any) -> httpx.Response | None:
        """Send a request. Return None if it gets no response, because the worker was killed."""
        try:
            response = await self.client.request(method, path, **arguments)
        except httpx.TransportError:
            self.seen["no response"] += 1
            return None
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        error = "" if is_page or not response.is_error else f" {response.json()['error']}"
        self.seen[f"{response.status_code}{error}"] += 1
        return response

    async def code(self, scope: str) -> str:
        """Return a new code, for which the person is not asked."""
        parameters = {
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": scope,
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        response = await answered(lambda: self.send("GET", "/oauth2/authorize", params=parameters))
        return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]

    async def redeem(self, code: str) -> httpx.Response | None:
        """Redeem a code."""
        form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return await self._token("authorization_code", **form)

    async def refresh(self, token: str) -> httpx.Response | None:
        """Use a refresh token."""
        return await self._token("refresh_token", refresh_token=token)

    async def _token(self, grant_type: str, **fields: str) -> httpx.Response | None:
        form = {"client_id": self.client_id, "grant_type": grant_type, **fields}
        return await self.send("POST", "/oauth2/token", data=form)


async def answered(send: Send) -> httpx.Response:
    """Send a request until there is a response other than 503, as applications do."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (response := await send()) is None or response.status_code == 503:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)
    return response


@asynccontextmanager
async def opened_browsers(testbed: Testbed, name: str) -> AsyncIterator[list[Browser]]:
    """Register an application of the operator, and people who are signed in."""
    arguments = ["--kind", "spa", "--redirect-uri", CALLBACK, "--first-party", "--json"]
    arguments += ["--scope", "openid", "--scope", "offline_access"]
    added = testbed.deployment.command("oauth", "clients", "add", "Wiki", *arguments, **OAUTH)
    client_id, seen = json.loads(added.stdout)["client_id"], Counter[str]()
    async with AsyncExitStack() as stack:
        browsers = []
        for number in range(BROWSERS):
            client = await stack.enter_async_context(testbed.client())
            username = f"{name}{testbed.workers}n{number}"
            assert (await Actor(client, username=username, email=f"{username}@example.com").register()).status == 201
            await Visitor(client, username=username).log_in()
            browsers.append(Browser(client, client_id, seen))
        yield browsers


async def of_client(testbed: Testbed, browser: Browser, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query that belong to the application, without the first column."""
    return [row[1:] for row in await testbed.deployment.rows(query) if row[0] == browser.client_id]


class Races:
    """Runs races in all browsers at the same time, and kills a worker now and then."""

    def __init__(self, testbed: Testbed) -> None:
        self.number = RACES_BY_WORKERS[testbed.workers]
        self._testbed = testbed
        self._random = random.Random(testbed.workers)  # noqa: S311 - which worker is killed
        self._turns = iter(range(1, self.number + 1))

    async def run(self, races: list[Callable[[int], Awaitable[None]]]) -> None:
        """Let each browser run its races, one after another, until all are done."""

        async def run(race: Callable[[int], Awaitable[None]]) -> None:
            for turn in self._turns:
                if turn % RACES_PER_KILL == 0:
                    await asyncio.to_thread(self._kill_a_worker)
                await race(turn)

        async with asyncio.TaskGroup() as group:
            for race in races:
                group.create_task(run(race))

    def _kill_a_worker(self) -> None:
        wait_until(lambda: len(self._testbed.live_workers()) == self._testbed.workers)
        os.kill(self._random.choice(self._testbed.live_workers()), signal.SIGKILL)

    def record(self, row: str, seen: Counter[str], **more: Any) -> None:
        """Check that no response was unexpected, and record what was measured."""
        assert set(seen) <= ACCEPTED
        assert [line for line in self._testbed.server.output().splitlines() if "Traceback" in line] == []
        observations = Observations(seen=seen, acknowledged=sum(count for name, count in seen.items() if name < "5"))
        self._testbed.record(row, observations, races=self.number, kills=self.number // RACES_PER_KILL, **more)


async def test_ft34_code_is_redeemed_once_or_can_be_redeemed_again(testbed: Testbed) -> None:
    """A code whose redemption got no response has its grant, or is redeemed by the next request."""
    races, statuses, alone = Races(testbed), dict[str, list[int]](), set[str]()

    async with opened_browsers(testbed, "code") as browsers:

        async def race(browser: Browser, turn: int) -> None:
            code = await browser.code("openid")
            responses = await asyncio.gather(*(browser.redeem(code) for _ in range(TABS if turn % 2 else 1)))
            found = [response.status_code for response in responses if response is not None]
            if 200 not in found:
                found.append((await answered(lambda: browser.redeem(code))).status_code)
            statuses[digest(code)] = found
            if len(responses) == 1 and found[-1] == 200:
                alone.add(digest(code))

        await races.run([lambda turn, browser=browser: race(browser, turn) for browser in browsers])  # type: ignore[misc]

    rows = await of_client(testbed, browsers[0], CODES)
    assert len(statuses) == races.number
    assert [found for found in statuses.values() if found.count(200) > 1] == []
    states = {code_hash: (state, grant_id is not None) for code_hash, state, grant_id, _ in rows}
    assert {states[code_hash] for code_hash in statuses} == {("redeemed", True)}
    assert {reason for code_hash, *_, reason in rows if code_hash in alone} == {None}
    redeemed = [state for state, _ in states.values() if state == "redeemed"]
    assert len(await of_client(testbed, browsers[0], GRANTS)) == len(redeemed)
    unanswered = sum(200 not in found for found in statuses.values())
    races.record("FT34", browsers[0].seen, grants_without_a_response=unanswered)


async def test_ft35_parallel_refreshes_lose_no_grant(testbed: Testbed) -> None:
    """Tabs that refresh at the same time get the same successor, as do those that repeat a lost request."""
    races = Races(testbed)

    async with opened_browsers(testbed, "tabs") as browsers:
        tokens = []
        for number, browser in enumerate(browsers):
            code = await browser.code("openid offline_access" if number % 2 else "openid")
            tokens.append((await answered(lambda: browser.redeem(code))).json()["refresh_token"])  # noqa: B023 - awaited

        async def race(number: int) -> None:
            browser, token = browsers[number], tokens[number]
            responses = await asyncio.gather(*(answered(lambda: browser.refresh(token)) for _ in range(TABS)))
            assert {response.status_code for response in responses} == {200}
            (tokens[number],) = {response.json()["refresh_token"] for response in responses}
            assert tokens[number] != token

        await races.run([lambda _, number=number: race(number) for number in range(BROWSERS)])  # type: ignore[misc]

    ended = await of_client(testbed, browsers[0], GRANTS)
    assert ended == [(None,)] * BROWSERS
    races.record("FT35", browsers[0].seen)
