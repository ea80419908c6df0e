"""Verifies tokens with what it knows, and keeps the keys and revocations of the issuer up to date."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any, Final, Literal

import jwt

from auth_api_sdk.errors import ConfigurationError, TokenRejected, Unavailable
from auth_api_sdk.principal import Principal
from auth_api_sdk.verification.checked_tokens import CheckedTokens, checked_principal, unverified_principal
from auth_api_sdk.verification.claims import INVALID, REVOKED, SignedToken, TokenRules, check_expiry
from auth_api_sdk.verification.keys import KeyRing
from auth_api_sdk.verification.limited_log import LimitedLog
from auth_api_sdk.verification.revocations import POLL_SECONDS, Revocations
from auth_api_sdk.verification.source import Source

Mode = Literal["local", "remote"]

MAX_CACHED_TOKENS: Final = 4096
MAX_WAIT_SECONDS: Final = 2.0
_REFUSED_STATUSES: Final = (401, 403)


class Engine:
    """What both verifiers do.

    Its coroutines run in one event loop at a time; `verify_known` may be called from any thread.

    Args:
        rules: what tokens look like.
        mode: whether tokens are verified here, or by asking auth_api about each.
        has_feed: whether revocations are read.
        open_source: opens the connections, once per event loop.
        polls: whether keys and revocations are read in the background; an issuer of tests sets them itself.
        clock: the time in seconds since 1970.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(  # noqa: PLR0913 - the clocks are parameters for tests
        self,
        rules: TokenRules,
        *,
        mode: Mode,
        has_feed: bool,
        open_source: Callable[[], Source],
        polls: bool = True,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules
        self.mode = mode
        self.has_feed = has_feed
        self.keys = KeyRing()
        self.revocations = Revocations()
        self._open_source = open_source
        self._polls = polls
        self._clock = clock
        self._monotonic = monotonic
        self._cache: dict[str, tuple[Principal, str]] = {}
        self._lock = Lock()
        self._owner: tuple[int, asyncio.AbstractEventLoop] | None = None
        self._source: Source | None = None
        self._background: asyncio.Task[None] | None = None
        self._first_round: asyncio.Future[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._feed_refusal: Unavailable | None = None
        self._checked: CheckedTokens | None = None
        self._next_poll = 0.0
        self._log = LimitedLog(monotonic)

    def verify_known(self, token: str) -> Principal | None:
        """Return the holder of a token; None if something must be read first.

        Raises:
            TokenRejected: the token is not accepted.
        """
        now = self._clock()
        if self.mode == "remote":
            answer = self._checked.kept(token, ()) if self._checked is not None else None
            return None if answer is None else checked_principal(token, answer, now)
        if (cached := self._cache.get(token)) is None:
            if (self._owner is None and self._polls) or (self.has_feed and not self.revocations.is_known):
                return None
            signed = self._read(token)
            if (key := self.keys.find(signed.kid, self._monotonic())) is None:
                return None
            principal = self._verified(signed, key, now)
            self._remember(token, principal, signed.kid)
        else:
            principal, kid = cached
            check_expiry(principal, now)
            if self.keys.find(kid, self._monotonic()) is None:  # the issuer has withdrawn the key
                return None
        return self._accepted(principal)

    async def verify(self, token: str) -> Principal:
        """Return the holder of a token.

        Raises:
            TokenRejected: the token is not accepted.
            Unavailable: auth_api must be asked, and does not answer.
            ConfigurationError: auth_api has no public keys.
        """
        await self.start(waits=self.mode == "local" and not self.keys.is_known)
        if self.mode == "remote":
            unverified_principal(token, self._clock())
            return checked_principal(token, await self._checks().answer(token, ()), self._clock())
        signed = self._read(token)
        await self._fetch_key(signed)
        if (principal := self.verify_known(token)) is None:  # the feed has never been read, or the key is too old
            key = self.keys.find(signed.kid, self._monotonic())
            if key is None:
                raise _no_keys()
            principal = self._accepted(self._verified(signed, key, self._clock()))
        return principal

    async def missing_permission(self, token: str, permissions: Sequence[str]) -> str | None:
        """Return the first of some permissions that the holder of a token lacks at this moment; None if it has all.

        Raises:
            TokenRejected: the token is not active.
            Unavailable: auth_api does not answer.
        """
        await self.start(waits=False)
        answer = await self._checks().answer(token, tuple(permissions))
        if not answer["active"]:
            raise TokenRejected(REVOKED)
        allowed = answer.get("allowed") or {}
        return next((name for name in permissions if allowed.get(name) is not True), None)

    async def start(self, *, waits: bool = True) -> None:
        """Begin to read keys and revocations, once per process and event loop.

        Args:
            waits: whether to wait up to 2 s for the first attempt.
        """
        owner = (os.getpid(), asyncio.get_running_loop())
        if self._owner != owner or (self._background is not None and self._background.done()):
            self._owner = owner
            self._source = self._open_source()
            self._checked = CheckedTokens(self._check, self._monotonic)
            self._reading = None
            if self._polls:
                self._first_round = owner[1].create_future()
                self._background = owner[1].create_task(self._run(self._first_round))
        if waits and self._first_round is not None:
            await asyncio.wait([self._first_round], timeout=MAX_WAIT_SECONDS)

    async def read_what_is_due(self) -> None:
        """Read the keys and the revocations if it is time for them; an error is logged."""
        now = self._monotonic()
        work: list[Coroutine[Any, Any, None]] = []
        if self.mode == "local" and now >= self.keys.due_at():
            self._read_soon()
        if self.has_feed and now >= self._next_poll:
            work.append(self._poll())
        if self._reading is not None:
            work.append(_finished(self._reading))
        await asyncio.gather(*work)

    def check_configuration(self) -> None:
        """Raise an error for settings with which nothing can be verified.

        Raises:
            ConfigurationError: auth_api has no public keys, or refuses the service key.
        """
        if self.mode == "local" and self.keys.is_known and not self.keys.keys:
            message = (
                f"{self.rules.issuer} publishes no public key for access tokens, as with HS256. "
                "Set JWT_ALGORITHM=EdDSA there, or use mode='remote' here."
            )
            raise ConfigurationError(message)
        if self._feed_refusal is not None:
            message = f"The service key is refused, or lacks the scope revocations:read. {self._feed_refusal.detail}"
            raise ConfigurationError(message)

    async def aclose(self) -> None:
        """Stop reading, and close the connections."""
        background, source = self._background, self._source
        self._owner = self._background = self._source = None
        if background is not None:
            background.cancel()
            await asyncio.gather(background, return_exceptions=True)
        if source is not None:
            await source.aclose()

    async def _check(self, token: str, permissions: Sequence[str]) -> Mapping[str, Any]:
        assert self._source is not None  # noqa: S101 - `start` has set it
        try:
            return await self._source.check(token, permissions)
        except Unavailable as error:
            is_refused = error.status in _REFUSED_STATUSES
            advice = " The service key is refused, or lacks the scope access:check." if is_refused else ""
            self._log.warn("Tokens cannot be checked", f"{error}{advice}")
            raise

    def _checks(self) -> CheckedTokens:
        assert self._checked is not None  # noqa: S101 - `start` has set it
        return self._checked

    def _read(self, token: str) -> SignedToken:
        with self._explained():
            return self.rules.read(token)

    def _verified(self, signed: SignedToken, key: jwt.PyJWK, now: float) -> Principal:
        with self._explained():
            return self.rules.verify(signed, key, now)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Log why a genuine token is refused, if the reason is a setting."""
        try:
            yield
        except TokenRejected as rejection:
            if rejection.misconfiguration:
                self._log.warn("A token was refused", f"{rejection.misconfiguration}.")
            raise

    def _remember(self, token: str, principal: Principal, kid: str) -> None:
        with self._lock:
            if len(self._cache) >= MAX_CACHED_TOKENS:
                del self._cache[next(iter(self._cache))]
            self._cache[token] = (principal, kid)

    def _accepted(self, principal: Principal) -> Principal:
        """Return the principal unless its token was revoked."""
        if not self.has_feed:
            return principal
        if (code := self.revocations.refusal(principal)) is not None:
            raise TokenRejected(code)
        return replace(principal, is_stale=True) if self.revocations.is_stale(self._monotonic()) else principal

    async def _fetch_key(self, signed: SignedToken) -> None:
        """Wait until the key of a token is known.

        Raises:
            TokenRejected: the issuer has no such key.
            Unavailable: the keys cannot be read.
        """
        keys, now = self.keys, self._monotonic()
        self.check_configuration_of_keys()
        if keys.find(signed.kid, now) is not None:
            return
        if keys.may_ask_for(signed.kid, now) if keys.has_keys(now) else now >= keys.due_at():
            self._read_soon()
        if has_asked := self._reading is not None:
            await asyncio.wait([self._reading], timeout=MAX_WAIT_SECONDS)
        self.check_configuration_of_keys()
        now = self._monotonic()
        if keys.find(signed.kid, now) is not None:
            return
        if not keys.has_keys(now) or keys.is_unreachable():
            raise _no_keys()
        if has_asked:
            keys.mark_unknown(signed.kid, now)
        raise TokenRejected(INVALID)

    def check_configuration_of_keys(self) -> None:
        """Raise an error if auth_api was reached and has no public keys."""
        if self.keys.is_known and not self.keys.keys:
            self.check_configuration()

    def _read_soon(self) -> None:
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read_keys())
            self._reading.add_done_callback(self._forget_reading)

    def _forget_reading(self, task: asyncio.Task[None]) -> None:
        if self._reading is task:
            self._reading = None

    async def _read_keys(self) -> None:
        assert self._source is not None  # noqa: S101 - `start` has set it
        try:
            found = await self._source.keys()
            self.keys.replace(found.document, found.max_age, self._monotonic())
        except Exception as error:  # noqa: BLE001 - otherwise the keys would be read again without a pause
            self.keys.fail(self._monotonic())
            self._log.warn("The public keys cannot be read", str(error))

    async def _run(self, first_round: asyncio.Future[None]) -> None:
        """Read keys and revocations forever."""
        while True:
            await self.read_what_is_due()
            if not first_round.done():
                first_round.set_result(None)
            due = [self.keys.due_at()] if self.mode == "local" else []
            due += [self._next_poll] if self.has_feed else []
            await asyncio.sleep(max(min(due, default=self._monotonic() + 60.0) - self._monotonic(), 0.01))

    async def _poll(self) -> None:
        assert self._source is not None  # noqa: S101 - `start` has set it
        now = self._monotonic()
        since = self.revocations.since(now)
        try:
            self.revocations.add(await self._source.revocations(since), self._monotonic(), is_full=since is None)
            self._feed_refusal = None
        except Unavailable as error:
            self._feed_refusal = error if error.status in _REFUSED_STATUSES else None
            self._log.warn("The revocations cannot be read", str(error))
        except Exception as error:  # noqa: BLE001 - otherwise the revocations would never be read again
            self._log.warn("The revocations cannot be read", f"malformed response ({type(error).__name__})")
        self._next_poll = now + POLL_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the polls of processes


async def _finished(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


def _no_keys() -> Unavailable:
    return Unavailable("OFFLINE", 0, "The public keys of auth_api cannot be read.", retry_after=1)
