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

UNUSABLE_HASH = "!"
"""Value of `hashed_password` for a user without a password. No password matches it."""

HASH_THREAD_NICENESS: Final = 10

_SMOOTHING_FACTOR: Final = 0.1
"""Weight of the newest hash in the mean duration, which so follows the machine's load within about ten hashes."""

_MAX_EXPECTED_WAIT_SHARE: Final = 0.8
"""Share of `queue_timeout` that a hash may be expected to wait.

Durations vary: of the hashes that are expected to wait for all of it, half would time out, after all the work that
comes before a hash.
"""

T = TypeVar("T")


class PasswordHasher:
    """Hashes and verifies passwords with the cost of `policy`, and refuses work beyond its capacity.

    There are `threads + queue_size` slots, and memory is bounded by `threads * memory_kib`. A hash is refused at once
    if no slot is free, or if it can be expected to wait longer than `queue_timeout`: a refusal costs next to nothing,
    and no client waits for a response that comes too late. A slot is released when its thread is done, not when the
    client disconnects.
    """

    def __init__(self, policy: HashingPolicy) -> None:
        self._policy = policy
        self._argon2 = argon2.PasswordHasher(
            time_cost=policy.iterations,
            memory_cost=policy.memory_kib,
            parallelism=policy.parallelism,
            type=argon2.Type.ID,
        )
        self._slots_in_use = 0
        self._slots_lock = threading.Lock()
        self._reserving_tasks: set[asyncio.Task[Any] | None] = set()
        self._mean_seconds = 0.0
        self._pool = ThreadPoolExecutor(policy.threads, "argon2", initializer=_lower_thread_priority)
        # Unknown users are verified against this hash, so that they cost what known ones cost.
        self._decoy = self._argon2.hash(secrets.token_urlsafe())

    def overload_error(self) -> ServerOverloadedException | None:
        """Return the error with which one more hash would be refused now, None if it would be accepted."""
        policy = self._policy
        waiting = max(0, self._slots_in_use - policy.threads + 1)
        is_full = self._slots_in_use >= policy.threads + policy.queue_size
        expected_wait = waiting * self._mean_seconds / policy.threads
        is_late = expected_wait > _MAX_EXPECTED_WAIT_SHARE * policy.queue_timeout
        return ServerOverloadedException() if is_full or is_late else None

    @staticmethod
    def count_refusal() -> None:
        """Count a refused hash."""
        metrics.HASHES_REFUSED.inc()

    @contextlib.contextmanager
    def reserved_slot(self) -> Iterator[None]:
        """Reserve the slot of the next hash of this task, for the database queries that come before it.

        Otherwise all requests that arrive during these queries find the same slot free, and all but one ask the
        database in vain. Within another reservation of the task, this one is a part of it.

        Raises:
            ServerOverloadedException: no slot is free, or the hash would wait too long.
        """
        task = asyncio.current_task()
        if task in self._reserving_tasks:
            yield
            return
        self._acquire_slot()
        self._reserving_tasks.add(task)
        try:
            yield
        finally:
            if task in self._reserving_tasks:  # no hash has taken the slot over
                self._reserving_tasks.remove(task)
                self._release_slot()

    async def hash(self, password: str) -> str:
        """Return the PHC string of the password's NFC form.

        Raises:
            ServerOverloadedException: no slot is free, or the hash has waited too long.
        """
        return await self._in_pool(lambda: self._argon2.hash(_canonical(password)))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Return whether the password belongs to the stored hash.

        The work is the same for a user without a password, for a value that is not a hash, and for no user (None).

        Raises:
            ServerOverloadedException: no slot is free, or the hash has waited too long.
        """
        return await self._in_pool(lambda: self._matches(_canonical(password), stored))

    def needs_rehash(self, stored: str) -> bool:
        """Return whether the hash costs less memory or time than new ones. A more expensive hash is kept."""
        return _is_cheaper(stored, self._argon2)

    @staticmethod
    def is_usable(stored: str) -> bool:
        """Return whether any password can match the stored value."""
        try:
            argon2.extract_parameters(stored)
        except InvalidHashError:
            return False
        return True

    def close(self) -> None:
        """Cancel the waiting hashes, and let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: bytes, stored: str | None) -> bool:
        if stored is not None and stored != UNUSABLE_HASH:
            try:
                return self._argon2.verify(stored, password)
            except VerifyMismatchError:
                # A cheap hash needs the decoy's work, too: a quick response would reveal an old account.
                if not _is_cheaper(stored, self._argon2):
                    return False
            except (InvalidHashError, VerificationError, UnicodeEncodeError):
                pass  # not a hash, or a damaged one: only the decoy costs the work of a hash
        with contextlib.suppress(VerificationError):
            self._argon2.verify(self._decoy, password)
        return False

    async def _in_pool(self, work: Callable[[], T]) -> T:
        task = asyncio.current_task()
        if task in self._reserving_tasks:
            self._reserving_tasks.remove(task)
        else:
            self._acquire_slot()
        metrics.HASHES_WAITING.inc()
        try:
            future = self._pool.submit(self._measured, work, monotonic())
        except BaseException:
            metrics.HASHES_WAITING.dec()
            self._release_slot()
            raise
        future.add_done_callback(self._on_done)
        has_timed_out = False

        def time_out() -> None:
            nonlocal has_timed_out
            has_timed_out = future.cancel()  # has no effect on a hash that has begun

        timer = asyncio.get_running_loop().call_later(self._policy.queue_timeout, time_out)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if has_timed_out:
                metrics.HASHES_REFUSED.inc()
                raise ServerOverloadedException from None
            raise
        finally:
            timer.cancel()

    def _measured(self, work: Callable[[], T], submitted: float) -> T:
        began = monotonic()
        metrics.HASHES_WAITING.dec()
        metrics.HASH_WAIT.observe(began - submitted)
        try:
            return work()
        finally:
            seconds = monotonic() - began
            metrics.HASH_DURATION.observe(seconds)
            self._mean_seconds += _SMOOTHING_FACTOR * (seconds - self._mean_seconds) if self._mean_seconds else seconds

    def _on_done(self, future: "Future[Any]") -> None:
        self._release_slot()
        if future.cancelled():  # the client disconnected, or the wait timed out, before a thread was free
            metrics.HASHES_WAITING.dec()

    def _acquire_slot(self) -> None:
        with self._slots_lock:
            error = self.overload_error()
            self._slots_in_use += error is None
        if error is not None:
            self.count_refusal()
            raise error

    def _release_slot(self) -> None:
        with self._slots_lock:
            self._slots_in_use -= 1


def _is_cheaper(stored: str, current: argon2.PasswordHasher) -> bool:
    parameters = argon2.extract_parameters(stored)
    return (
        parameters.type is not current.type
        or parameters.memory_cost < current.memory_cost
        or parameters.time_cost < current.time_cost
    )


def _canonical(password: str) -> bytes:
    """Return one byte string for every way to type the same characters (NIST SP 800-63B-4 §3.1.1.2: NFC)."""
    return unicodedata.normalize("NFC", password).encode()


def _lower_thread_priority() -> None:
    """Let the event loop run first: a login may wait, a token check should not."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), HASH_THREAD_NICENESS)
