"""Password hashing: argon2id in a bounded pool of threads, never on the event loop."""

import asyncio
import contextlib
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import argon2
import msgspec
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from auth_api.kit import metrics
from auth_api.kit.clock import monotonic
from auth_api.kit.errors import ServerOverloadedException

UNUSABLE = "!"
"""Stands in `hashed_password` of an account that has no password. No password matches it."""

NICENESS = 10

T = TypeVar("T")


class HashingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a hash costs and how many may wait for theirs.

    The defaults are the second row of OWASP's table for argon2id (Password Storage Cheat Sheet; ASVS 5.0 appendix C).
    """

    memory_kib: int = 19456
    iterations: int = 2
    parallelism: int = 1
    threads: int = 1
    queue_size: int = 100


class PasswordHasher:
    """Hashes and checks passwords with the cost of `policy`.

    Memory is bounded by `threads * memory_kib`; beyond `threads + queue_size` unfinished hashes every further one is
    refused at once. A place is returned when its thread is done, not when the client has gone away.
    """

    def __init__(self, policy: HashingPolicy) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=policy.iterations,
            memory_cost=policy.memory_kib,
            parallelism=policy.parallelism,
            type=argon2.Type.ID,
        )
        self._places = threading.BoundedSemaphore(policy.threads + policy.queue_size)
        self._pool = ThreadPoolExecutor(policy.threads, "argon2", initializer=_yield_to_requests)
        # Unknown accounts are checked against this, so that they cost what known ones cost.
        self._decoy = self._argon2.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Return the PHC string of the password's NFC form.

        Raises:
            ServerOverloadedException: too many hashes are waiting already.
        """
        return await self._in_pool(lambda: self._argon2.hash(_canonical(password)))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether the password belongs to the stored hash.

        The work is the same for an account without a password, with a hash that is none, and for no account (None).

        Raises:
            ServerOverloadedException: too many hashes are waiting already.
        """
        return await self._in_pool(lambda: self._matches(_canonical(password), stored))

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

    async def _in_pool(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            metrics.HASHES_REFUSED.inc()
            raise ServerOverloadedException
        metrics.HASHES_WAITING.inc()
        try:
            future = self._pool.submit(_measured, work, monotonic())
        except BaseException:
            metrics.HASHES_WAITING.dec()
            self._places.release()
            raise
        future.add_done_callback(self._on_done)
        return await asyncio.wrap_future(future)

    def _on_done(self, future: "Future[Any]") -> None:
        self._places.release()
        if future.cancelled():  # its client had gone before a thread was free
            metrics.HASHES_WAITING.dec()


def _measured(work: Callable[[], T], submitted: float) -> T:
    began = monotonic()
    metrics.HASHES_WAITING.dec()
    metrics.HASH_WAIT.observe(began - submitted)
    try:
        return work()
    finally:
        metrics.HASH_DURATION.observe(monotonic() - began)


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
