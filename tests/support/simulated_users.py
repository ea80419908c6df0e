"""Simulated users who send requests during a fault, and a check that the server kept what it acknowledged.

Each user sends one request at a time. After no response or a 503, a user does not know whether the request took effect,
and finds out by another request, as a client would. Every other response must be the one that the user's state implies.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

UNAVAILABLE: Final = 503
MEAN_PAUSE_SECONDS: Final = 0.02
CHECKED_ENDED_SESSIONS: Final = 4

_ACTION_WEIGHTS: Final = {"profile": 8, "refresh": 5, "log_out": 2, "change_password": 2, "delete": 1}


@dataclass
class Observations:
    """The responses that all simulated users received.

    Attributes:
        seen: number of responses by status and error code.
        violations: responses that contradict the state of a user.
        acknowledged: number of responses other than 503.
        slowest: longest time of a response in seconds, by status and error code.
        last_failure: time of the last 503 or missing response, on the monotonic clock.
    """

    seen: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    acknowledged: int = 0
    slowest: dict[str, float] = field(default_factory=dict)
    last_failure: float = 0.0

    def add(self, action: str, response: httpx.Response | None, expected: set[int], seconds: float) -> None:
        """Add a response, or None if there was none."""
        outcome = "no response" if response is None else _outcome(response)
        self.seen[outcome] += 1
        self.slowest[outcome] = max(self.slowest.get(outcome, 0), seconds)
        if response is None or response.status_code == UNAVAILABLE:
            self.last_failure = time.monotonic()
        else:
            self.acknowledged += 1
        if response is None:
            return
        if response.status_code == UNAVAILABLE:
            if not 1 <= int(response.headers.get("retry-after", 0)) <= 60:
                self.violations.append(f"{action}: 503 without a usable Retry-After")
        elif response.status_code not in expected:
            self.violations.append(f"{action}: {outcome}")

    async def wait_for_recovery(self, since: float, *, calm: float = 1.0, within: float = 15.0) -> float:
        """Wait until no request has failed for `calm` seconds.

        Returns:
            The seconds from `since` to the last failure.

        Raises:
            TimeoutError: requests still failed after `within` seconds.
        """
        async with asyncio.timeout(within):
            while time.monotonic() - max(self.last_failure, since) < calm:  # noqa: ASYNC110 - other tasks send the requests
                await asyncio.sleep(0.01)
        return max(0.0, self.last_failure - since)


def _outcome(response: httpx.Response) -> str:
    code = response.json().get("error_code", "") if response.content else ""
    return f"{response.status_code} {code}".strip()


@dataclass
class SessionTokens:
    """The tokens of a session."""

    access: str
    refresh: str


@dataclass
class SimulatedUser:
    """A user, with the state that the responses imply.

    Attributes:
        observations: shared by all simulated users.
        client: the HTTP client.
        name: the username.
        exists: whether the account exists; None if that is unknown.
        passwords: the possible passwords, the most likely one first.
        session: the tokens of the current session.
        is_leaving: whether it is unknown if a logout took effect.
        ended: the tokens of ended sessions.
        changes: number of passwords so far.
    """

    observations: Observations
    client: httpx.AsyncClient
    name: str
    exists: bool | None = False
    passwords: list[str] = field(default_factory=list)
    session: SessionTokens | None = None
    is_leaving: bool = False
    ended: list[SessionTokens] = field(default_factory=list)
    changes: int = 0

    @property
    def is_certain(self) -> bool:
        """Whether the state of the user is known."""
        return self.exists is not None and len(self.passwords) <= 1 and not self.is_leaving

    async def step(self, rng: random.Random) -> None:
        """Send the next request."""
        if not self.is_certain:
            await self.find_out()
        elif not self.exists:
            await self.register()
        elif self.session is None:
            await self.log_in()
        else:
            (choice,) = rng.choices([*_ACTION_WEIGHTS], [*_ACTION_WEIGHTS.values()])
            await getattr(self, choice)()

    async def find_out(self) -> None:
        """Repeat a request whose outcome is unknown."""
        if self.is_leaving:
            await self.log_out()
            return
        response = await self._send("log in", "/api/auth/login", {200, 401}, body=self._login(self.passwords[0]))
        if response is None:
            return
        if response.is_success:
            self.exists, self.passwords, self.session = True, [self.passwords[0]], _tokens(response)
        elif self.exists is None and len(self.passwords) == 1:
            self.exists, self.passwords = False, []
        else:
            self.passwords = self.passwords[1:]

    async def register(self) -> None:
        """Register."""
        self.passwords = [self._new_password()]
        body = {"email": f"{self.name}@example.com", "username": self.name, "password": self.passwords[0]}
        response = await self._send("register", "/api/auth/register", {201}, body=body)
        self.exists, self.session = (True, _tokens(response)) if response is not None else (None, None)

    async def log_in(self) -> None:
        """Log in."""
        response = await self._send("log in", "/api/auth/login", {200}, body=self._login(self.passwords[0]))
        self.session = _tokens(response) if response is not None and response.is_success else None

    async def profile(self) -> None:
        """Read the profile."""
        await self._send("profile", "/api/user/profile", {200}, token=self._current.access, method="GET")

    async def refresh(self) -> None:
        """Refresh; without a response, the same token is used again."""
        response = await self._send(
            "refresh", "/api/auth/refresh", {200}, body={"refresh_token": self._current.refresh}
        )
        if response is not None and response.is_success:
            self.session = _tokens(response)

    async def log_out(self) -> None:
        """Log out."""
        response = await self._send("log out", "/api/auth/logout", {200}, token=self._current.access)
        self.is_leaving = response is None
        if response is not None:
            self._end()

    async def change_password(self) -> None:
        """Change the password, which starts a new session."""
        old, new = self.passwords[0], self._new_password()
        body = {"current_password": old, "new_password": new}
        response = await self._send(
            "change password", "/api/user/password", {200}, token=self._current.access, body=body
        )
        if response is None:
            self.passwords, self.session = [new, old], None
        elif response.is_success:
            self._end()
            self.passwords, self.session = [new], _tokens(response)

    async def delete(self) -> None:
        """Delete the account."""
        body = {"current_password": self.passwords[0]}
        response = await self._send("delete", "/api/user/delete", {204}, token=self._current.access, body=body)
        if response is None:
            self.exists, self.session = None, None
        elif response.is_success:
            self._end()
            self.exists, self.passwords = False, []

    async def resolve(self) -> None:
        """Find out everything unknown, after the fault."""
        async with asyncio.timeout(30):
            while not self.is_certain:
                await self.find_out()
                await asyncio.sleep(MEAN_PAUSE_SECONDS)

    async def verify(self) -> None:
        """Check that valid tokens are still valid, and revoked ones still revoked."""
        for tokens in self.ended[-CHECKED_ENDED_SESSIONS:]:
            await self._send("ended session", "/api/user/profile", {401}, token=tokens.access, method="GET")
            await self._send("ended session", "/api/auth/refresh", {401}, body={"refresh_token": tokens.refresh})
        if self.exists:
            if self.session is not None:
                await self.profile()
                await self.refresh()
            await self.log_in()

    @property
    def _current(self) -> SessionTokens:
        if self.session is None:
            raise AssertionError
        return self.session

    def _end(self) -> None:
        self.ended.append(self._current)
        self.session = None

    def _login(self, password: str) -> dict[str, str]:
        return {"username": self.name, "password": password}

    def _new_password(self) -> str:
        self.changes += 1
        return f"Correct-Horse-{self.changes}-Staple"

    async def _send(  # noqa: PLR0913 - the parts of a request
        self,
        action: str,
        path: str,
        expected: set[int],
        *,
        method: str = "POST",
        token: str = "",
        body: dict[str, Any] | None = None,
    ) -> httpx.Response | None:
        """Return the response; None if it is unknown whether the request took effect."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        began = time.monotonic()
        try:
            response = await self.client.request(method, path, headers=headers, json=body)
        except httpx.TransportError:
            response = None
        self.observations.add(f"{self.name}: {action}", response, expected, time.monotonic() - began)
        return response if response is not None and response.status_code != UNAVAILABLE else None


def _tokens(response: httpx.Response) -> SessionTokens | None:
    if not response.is_success:
        return None
    return SessionTokens(response.json()["access_token"], response.json()["refresh_token"])


class Simulation:
    """Simulated users who send requests concurrently."""

    def __init__(self, client: httpx.AsyncClient, *, users: int, prefix: str) -> None:
        self.observations = Observations()
        self.users = [SimulatedUser(self.observations, client, f"{prefix}{number}") for number in range(users)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Observations]:
        """Let all users send requests in this context."""
        stopped = asyncio.Event()

        async def run(user: SimulatedUser, rng: random.Random) -> None:
            while not stopped.is_set():
                await user.step(rng)
                await asyncio.sleep(rng.uniform(0, 2 * MEAN_PAUSE_SECONDS))

        tasks = [asyncio.create_task(run(user, random.Random(user.name))) for user in self.users]  # noqa: S311
        try:
            yield self.observations
        finally:
            stopped.set()
            await asyncio.gather(*tasks)

    async def verified(self) -> Observations:
        """Compare the state of all users with the server, and return the observations."""
        await asyncio.gather(*(user.resolve() for user in self.users))
        await asyncio.gather(*(user.verify() for user in self.users))
        return self.observations
