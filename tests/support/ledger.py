"""Keeps the books of what the server acknowledged, and holds it to them.

People do what people do, one thing after the other. Whoever gets no answer, or a 503, does not know whether it took
effect, and finds out as a client would: by asking again. All other answers must be the ones that the books foretell.
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
PAUSE: Final = 0.02
REMEMBERED: Final = 4

_WEIGHTS: Final = {"profile": 8, "refresh": 5, "log_out": 2, "change_password": 2, "delete": 1}


@dataclass
class Ledger:
    """What was seen, and what must not have been."""

    seen: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    acknowledged: int = 0
    slowest: dict[str, float] = field(default_factory=dict)
    last_failure: float = 0.0

    def note(self, what: str, response: httpx.Response | None, expected: set[int], seconds: float) -> None:
        """Enter an answer, or that there was none, into the books."""
        outcome = "no answer" if response is None else _outcome(response)
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
                self.violations.append(f"{what}: 503 without a usable Retry-After")
        elif response.status_code not in expected:
            self.violations.append(f"{what}: {outcome}")

    async def quiet(self, since: float, *, calm: float = 1.0, within: float = 15.0) -> float:
        """Wait until nothing has failed for a while, and return how many seconds after `since` the last thing did.

        Raises:
            TimeoutError: things go on failing.
        """
        async with asyncio.timeout(within):
            while time.monotonic() - max(self.last_failure, since) < calm:  # noqa: ASYNC110 - others make the noise
                await asyncio.sleep(0.01)
        return max(0.0, self.last_failure - since)


def _outcome(response: httpx.Response) -> str:
    code = response.json().get("error_code", "") if response.content else ""
    return f"{response.status_code} {code}".strip()


@dataclass
class Tokens:
    """What one session is known by."""

    access: str
    refresh: str


@dataclass
class Person:
    """Somebody with an account, as far as they know."""

    ledger: Ledger
    client: httpx.AsyncClient
    name: str
    exists: bool | None = False
    passwords: list[str] = field(default_factory=list)
    session: Tokens | None = None
    is_leaving: bool = False
    ended: list[Tokens] = field(default_factory=list)
    changes: int = 0

    @property
    def is_certain(self) -> bool:
        """Tell whether there is nothing to find out."""
        return self.exists is not None and len(self.passwords) <= 1 and not self.is_leaving

    async def step(self, dice: random.Random) -> None:
        """Do the next thing."""
        if not self.is_certain:
            await self.find_out()
        elif not self.exists:
            await self.register()
        elif self.session is None:
            await self.log_in()
        else:
            (choice,) = dice.choices([*_WEIGHTS], [*_WEIGHTS.values()])
            await getattr(self, choice)()

    async def find_out(self) -> None:
        """Ask again what was not answered."""
        if self.is_leaving:
            await self.log_out()
            return
        response = await self._ask("log in", "/api/auth/login", {200, 401}, body=self._login(self.passwords[0]))
        if response is None:
            return
        if response.is_success:
            self.exists, self.passwords, self.session = True, [self.passwords[0]], _tokens(response)
        elif self.exists is None and len(self.passwords) == 1:
            self.exists, self.passwords = False, []
        else:
            self.passwords = self.passwords[1:]

    async def register(self) -> None:
        """Open the account."""
        self.passwords = [self._new_password()]
        body = {"email": f"{self.name}@example.com", "username": self.name, "password": self.passwords[0]}
        response = await self._ask("register", "/api/auth/register", {201}, body=body)
        self.exists, self.session = (True, _tokens(response)) if response is not None else (None, None)

    async def log_in(self) -> None:
        """Open a session."""
        response = await self._ask("log in", "/api/auth/login", {200}, body=self._login(self.passwords[0]))
        self.session = _tokens(response) if response is not None and response.is_success else None

    async def profile(self) -> None:
        """Read the profile."""
        await self._ask("profile", "/api/user/profile", {200}, token=self._held.access, method="GET")

    async def refresh(self) -> None:
        """Renew the tokens; unanswered, the same token is used again."""
        response = await self._ask("refresh", "/api/auth/refresh", {200}, body={"refresh_token": self._held.refresh})
        if response is not None and response.is_success:
            self.session = _tokens(response)

    async def log_out(self) -> None:
        """End the session."""
        response = await self._ask("log out", "/api/auth/logout", {200}, token=self._held.access)
        self.is_leaving = response is None
        if response is not None:
            self._end()

    async def change_password(self) -> None:
        """Change it; the answer is a new session."""
        old, new = self.passwords[0], self._new_password()
        body = {"current_password": old, "new_password": new}
        response = await self._ask("change password", "/api/user/password", {200}, token=self._held.access, body=body)
        if response is None:
            self.passwords, self.session = [new, old], None
        elif response.is_success:
            self._end()
            self.passwords, self.session = [new], _tokens(response)

    async def delete(self) -> None:
        """Close the account."""
        body = {"current_password": self.passwords[0]}
        response = await self._ask("delete", "/api/user/delete", {204}, token=self._held.access, body=body)
        if response is None:
            self.exists, self.session = None, None
        elif response.is_success:
            self._end()
            self.exists, self.passwords = False, []

    async def clear(self) -> None:
        """Find out all that is uncertain; the server is well again."""
        async with asyncio.timeout(30):
            while not self.is_certain:
                await self.find_out()
                await asyncio.sleep(PAUSE)

    async def audit(self) -> None:
        """Compare the server with the books: valid stays valid, revoked stays revoked."""
        for tokens in self.ended[-REMEMBERED:]:
            await self._ask("ended session", "/api/user/profile", {401}, token=tokens.access, method="GET")
            await self._ask("ended session", "/api/auth/refresh", {401}, body={"refresh_token": tokens.refresh})
        if self.exists:
            if self.session is not None:
                await self.profile()
                await self.refresh()
            await self.log_in()

    @property
    def _held(self) -> Tokens:
        if self.session is None:
            raise AssertionError
        return self.session

    def _end(self) -> None:
        self.ended.append(self._held)
        self.session = None

    def _login(self, password: str) -> dict[str, str]:
        return {"username": self.name, "password": password}

    def _new_password(self) -> str:
        self.changes += 1
        return f"Correct-Horse-{self.changes}-Staple"

    async def _ask(  # noqa: PLR0913 - a request has parts
        self,
        what: str,
        path: str,
        expected: set[int],
        *,
        method: str = "POST",
        token: str = "",
        body: dict[str, Any] | None = None,
    ) -> httpx.Response | None:
        """Return the answer; None where it is not known what happened."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        began = time.monotonic()
        try:
            response = await self.client.request(method, path, headers=headers, json=body)
        except httpx.TransportError:
            response = None
        self.ledger.note(f"{self.name}: {what}", response, expected, time.monotonic() - began)
        return response if response is not None and response.status_code != UNAVAILABLE else None


def _tokens(response: httpx.Response) -> Tokens | None:
    if not response.is_success:
        return None
    return Tokens(response.json()["access_token"], response.json()["refresh_token"])


class Crowd:
    """Many people at once."""

    def __init__(self, client: httpx.AsyncClient, *, people: int, prefix: str) -> None:
        self.ledger = Ledger()
        self.people = [Person(self.ledger, client, f"{prefix}{number}") for number in range(people)]

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[Ledger]:
        """Let all of them do things in this context."""
        stopped = asyncio.Event()

        async def live(person: Person, dice: random.Random) -> None:
            while not stopped.is_set():
                await person.step(dice)
                await asyncio.sleep(dice.uniform(0, 2 * PAUSE))

        tasks = [asyncio.create_task(live(person, random.Random(person.name))) for person in self.people]  # noqa: S311
        try:
            yield self.ledger
        finally:
            stopped.set()
            await asyncio.gather(*tasks)

    async def audited(self) -> Ledger:
        """Return the books after every account was compared with them."""
        await asyncio.gather(*(person.clear() for person in self.people))
        await asyncio.gather(*(person.audit() for person in self.people))
        return self.ledger
