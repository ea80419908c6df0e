"""Password hashing: argon2id in a bounded pool of threads, never on the event loop."""

import asyncio
import contextlib
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from auth_api.kit import metrics
from auth_api.kit.clock import monotonic
from auth_api.kit.crypto.policy import HashingPolicy
from auth_api.kit.errors import ServerOverloadedException

UNUSABLE = "!"
"""Stands in `hashed_password` of an account that has no password. No password matches it."""

NICENESS = 10

_SMOOTHING = 0.1
"""Share of the last hash in the mean duration of all: follows the machine's load within some ten hashes."""

_FORESEEABLE: Final = 0.8
"""Share of the longest wait that may be foreseen. Hashes differ: of those that are foreseen to take all of it, every
second one waits for too long, and is refused after all the work that comes before a hash."""

T = TypeVar("T")


class Place:
    """One of the hasher's places, for one hash."""

    __slots__ = ("is_used",)

    def __init__(self) -> None:
        self.is_used = False


class PasswordHasher:
    """Hashes and checks passwords with the cost of `policy`.

    Memory is bounded by `threads * memory_kib`; there are `threads + queue_size` places, and whoever finds none is
    refused at once, and so is who would have to wait longer than `queue_timeout`: nobody waits for an answer that
    comes too late, and who is refused costs next to nothing. A place is returned when its thread is done, not when the
    client has gone away.
    """

    def __init__(self, policy: HashingPolicy) -> None:
        self._policy = policy
        self._argon2 = argon2.PasswordHasher(
            time_cost=policy.iterations,
            memory_cost=policy.memory_kib,
            parallelism=policy.parallelism,
            type=argon2.Type.ID,
        )
        self._unfinished = 0
        self._counting = threading.Lock()
        self._mean_seconds = 0.0
        self._pool = ThreadPoolExecutor(policy.threads, "argon2", initializer=_yield_to_requests)
        # Unknown accounts are checked against this, so that they cost what known ones cost.
        self._decoy = self._argon2.hash(secrets.token_urlsafe())

    def overload_error(self) -> ServerOverloadedException | None:
        """Return why one more hash would be refused: too many are waiting already, or it would wait for too long."""
        policy = self._policy
        waiting = max(0, self._unfinished - policy.threads + 1)
        is_full = self._unfinished >= policy.threads + policy.queue_size
        foreseen = waiting * self._mean_seconds / policy.threads
        is_late = foreseen > _FORESEEABLE * policy.queue_timeout
        return ServerOverloadedException() if is_full or is_late else None

    @staticmethod
    def count_refusal() -> None:
        """Count one that was refused."""
        metrics.HASHES_REFUSED.inc()

    @contextlib.contextmanager
    def place(self) -> Iterator[Place]:
        """Keep a place for one hash, while the database is asked what it takes to begin.

        Otherwise all that come in that time find the same place free, and all but one ask in vain.

        Raises:
            ServerOverloadedException: too many hashes are waiting already, or one more would wait for too long.
        """
        self._take_place()
        place = Place()
        try:
            yield place
        finally:
            if not place.is_used:
                self._give_back()

    async def hash(self, password: str) -> str:
        """Return the PHC string of the password's NFC form.

        Raises:
            ServerOverloadedException: too many hashes are waiting already.
        """
        return await self._in_pool(lambda: self._argon2.hash(_canonical(password)))

    async def verify(self, password: str, stored: str | None, place: Place | None = None) -> bool:
        """Tell whether the password belongs to the stored hash.

        The work is the same for an account without a password, with a hash that is none, and for no account (None).

        Args:
            password: what somebody sent.
            stored: the hash.
            place: one that was kept for this; None takes one now.

        Raises:
            ServerOverloadedException: too many hashes are waiting already; with a place, it has waited for too long.
        """
        return await self._in_pool(lambda: self._matches(_canonical(password), stored), place)

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether the hash cost less memory or time than today's do. One that cost more is left alone."""
        return _is_cheaper(stored, self._argon2)

    @staticmethod
    def is_usable(stored: str) -> bool:
        """Tell whether any password can match what is stored."""
        try:
            argon2.extract_parameters(stored)
        except InvalidHashError:
            return False
        return True

    def close(self) -> None:
        """Forget what waits and let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: bytes, stored: str | None) -> bool:
        if stored is not None and stored != UNUSABLE:
            try:
                return self._argon2.verify(stored, password)
            except VerifyMismatchError:
                if not _is_cheaper(stored, self._argon2):
                    return False  # else the decoy's work is owed: a quick answer would tell an old account
            except (InvalidHashError, VerificationError, UnicodeEncodeError):
                pass  # not a hash, or a damaged one: the decoy's work is still owed
        with contextlib.suppress(VerificationError):
            self._argon2.verify(self._decoy, password)
        return False

    async def _in_pool(self, work: Callable[[], T], place: Place | None = None) -> T:
        if place is None:
            self._take_place()
        else:
            place.is_used = True
        metrics.HASHES_WAITING.inc()
        try:
            future = self._pool.submit(self._measured, work, monotonic())
        except BaseException:
            metrics.HASHES_WAITING.dec()
            self._give_back()
            raise
        future.add_done_callback(self._on_done)
        is_late = False

        def give_up() -> None:
            nonlocal is_late
            is_late = future.cancel()  # does nothing to one that has begun

        expiry = asyncio.get_running_loop().call_later(self._policy.queue_timeout, give_up)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if is_late:
                metrics.HASHES_REFUSED.inc()
                raise ServerOverloadedException from None
            raise
        finally:
            expiry.cancel()

    def _measured(self, work: Callable[[], T], submitted: float) -> T:
        began = monotonic()
        metrics.HASHES_WAITING.dec()
        metrics.HASH_WAIT.observe(began - submitted)
        try:
            return work()
        finally:
            last = monotonic() - began
            metrics.HASH_DURATION.observe(last)
            self._mean_seconds += _SMOOTHING * (last - self._mean_seconds) if self._mean_seconds else last

    def _on_done(self, future: "Future[Any]") -> None:
        self._give_back()
        if future.cancelled():  # its client had gone, or its time was up, before a thread was free
            metrics.HASHES_WAITING.dec()

    def _take_place(self) -> None:
        with self._counting:
            lack = self.overload_error()
            self._unfinished += lack is None
        if lack is not None:
            self.count_refusal()
            raise lack

    def _give_back(self) -> None:
        with self._counting:
            self._unfinished -= 1


def _is_cheaper(stored: str, today: argon2.PasswordHasher) -> bool:
    parameters = argon2.extract_parameters(stored)
    return (
        parameters.type is not today.type
        or parameters.memory_cost < today.memory_cost
        or parameters.time_cost < today.time_cost
    )


def _canonical(password: str) -> bytes:
    """One byte string for every way to type the same characters (NIST SP 800-63B-4 §3.1.1.2: NFC)."""
    return unicodedata.normalize("NFC", password).encode()


def _yield_to_requests() -> None:
    """Let the event loop win the processor: a login may wait, a token check should not."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
