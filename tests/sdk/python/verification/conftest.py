"""A verifier with an issuer in memory and a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from auth_api_sdk.errors import Unavailable
from auth_api_sdk.testing import TestIssuer
from auth_api_sdk.verification.claims import TokenRules
from auth_api_sdk.verification.engine import Engine, Mode
from auth_api_sdk.verification.source import KeySet

ISSUER, AUDIENCE = "https://auth.example.com", "auth_api"


@dataclass
class Clock:
    """The time of a test, in seconds."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class ScriptedSource:
    """Passes questions on to an issuer, counts them, and can be unreachable."""

    issuer: TestIssuer
    is_down: bool = False
    max_age: float | None = None
    asked: list[str] = field(default_factory=list)
    keys_document: Any = None
    feed_document: Any = None

    async def keys(self) -> KeySet:
        self._ask("keys")
        document = self.keys_document or (await self.issuer.keys()).document
        return KeySet(document, self.max_age)

    async def revocations(self, since: str | None) -> Any:
        self._ask(f"since {since}" if since else "all")
        return self.feed_document or await self.issuer.revocations(since)

    async def check(self, token: str, permissions: Sequence[str]) -> Any:
        self._ask("check")
        return await self.issuer.check(token, permissions)

    async def aclose(self) -> None:
        pass

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.is_down:
            raise Unavailable(code="OFFLINE")


@dataclass
class Bench:
    """A verifier and what it depends on."""

    clock: Clock
    issuer: TestIssuer
    source: ScriptedSource
    engine: Engine

    async def verdict(self, token: str) -> str:
        """Return `accepted`, `stale`, the code of the rejection, or `unavailable`."""
        try:
            principal = self.engine.verify_known(token) or await self.engine.verify(token)
        except Unavailable:
            return "unavailable"
        except Exception as error:  # noqa: BLE001 - the class is what tests compare
            return str(getattr(error, "code", type(error).__name__))
        return "stale" if principal.is_stale else "accepted"

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Move the clock, and do in each step what is due in the background."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + step, end)
            await self.engine.start()
            await self.engine.read_what_is_due()


BenchFactory = Callable[..., Bench]


@pytest.fixture
async def bench() -> AsyncIterator[BenchFactory]:
    """Make verifiers whose background work is done only when time passes."""
    made: list[Engine] = []

    def make(*, mode: Mode = "local", has_feed: bool = False, audiences: Sequence[str] = (AUDIENCE,)) -> Bench:
        clock = Clock()
        issuer = TestIssuer(clock)
        source = ScriptedSource(issuer)
        rules = TokenRules(ISSUER, frozenset(audiences), frozenset(["EdDSA", "ES256", "RS256"]))
        engine = Engine(
            rules,
            mode=mode,
            has_feed=has_feed,
            open_source=lambda: source,
            polls=False,
            clock=clock,
            monotonic=clock,
        )
        made.append(engine)
        return Bench(clock, issuer, source, engine)

    yield make
    await asyncio.gather(*(engine.aclose() for engine in made))
