"""What is removed after how long, and how: in small transactions, by one process at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import msgspec
from loguru import logger

from auth_api.events.audit import retention as events
from auth_api.events.audit.policy import AuditPolicy
from auth_api.kit.db.database import Database
from auth_api.kit.db.violations import NOT_PERMITTED
from auth_api.operations.housekeeping import repository
from auth_api.operations.housekeeping.metrics import BACKLOG
from auth_api.sessions import retention as sessions
from auth_api.sessions.policy import KNOWN_NETWORK_PERIOD, SessionPolicy
from auth_api.throttling import retention as counters

DAY: Final = timedelta(days=1)
SENT_MAIL: Final = 7 * DAY
FAILED_MAIL: Final = 30 * DAY
"""Long enough to look after what went wrong."""

BATCH: Final = 500
"""Rows of one transaction: milliseconds, which is how long a login may have to wait for them on SQLite."""

PAUSE: Final = 0.02
"""Seconds between two transactions, for those who wait."""

MOST_COUNTED: Final = 10_000

LOCK: Final = int.from_bytes(b"cleaning")
"""Of the database: who has it removes a batch."""


class Chore(msgspec.Struct, frozen=True):
    """One kind of row that is removed; both functions take how many at most."""

    name: str
    remove: Callable[[int], Awaitable[int]]
    count: Callable[[int], Awaitable[int]]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a round has done.

    Attributes:
        removed: how many rows of each kind.
        not_permitted: kinds that the database's role may not remove.
        is_complete: False if another process was at it, which then goes on instead.
    """

    removed: dict[str, int]
    not_permitted: list[str]
    is_complete: bool


class _OtherAtWorkError(Exception):
    """Another process is removing a batch at this moment."""


def chores_of(session_policy: SessionPolicy, audit_policy: AuditPolicy) -> tuple[Chore, ...]:
    """Return all there is to do, in this order: a session goes after its tokens."""
    # The networks that an owner has used lately are known from sessions, however short these are.
    after_end = max(DAY, KNOWN_NETWORK_PERIOD + DAY - session_policy.absolute_ttl)
    chores = [
        _chore("refresh_tokens", sessions.remove_tokens, sessions.count_tokens, after=DAY),
        _chore("sessions", sessions.remove_sessions, sessions.count_sessions, after=after_end),
        _chore("one_time_tokens", repository.remove_one_time_tokens, repository.count_one_time_tokens, after=DAY),
        _chore("throttle_counters", counters.remove_expired, counters.count_expired),
        _chore("sent_mails", repository.remove_sent_mails, repository.count_sent_mails, after=SENT_MAIL),
        _chore("failed_mails", repository.remove_failed_mails, repository.count_failed_mails, after=FAILED_MAIL),
    ]
    if audit_policy.retention is not None:
        chores.append(_chore("audit_events", events.remove_old, events.count_old, kept=audit_policy.retention))
    return tuple(chores)


@dataclass(frozen=True, slots=True, kw_only=True)
class HousekeepingService:
    """Removes what is over. Accounts never are."""

    database: Database
    chores: tuple[Chore, ...]
    interval: float

    async def clean_up(self) -> Report:
        """Remove all that is over, in batches, each of which is a transaction.

        Raises:
            DatabaseUnavailableException: the database failed; what was removed until then is gone.
            CircuitBreakerOpenException: the database is not asked at present.
            ServerOverloadedException: no connection became free in time.
        """
        removed = {chore.name: 0 for chore in self.chores}
        not_permitted: list[str] = []
        for chore in self.chores:
            try:
                async for count in self._batches(chore):
                    removed[chore.name] += count
            except NOT_PERMITTED:
                not_permitted.append(chore.name)
            except _OtherAtWorkError:
                return Report(removed=removed, not_permitted=not_permitted, is_complete=False)
        return Report(removed=removed, not_permitted=not_permitted, is_complete=True)

    async def step(self) -> float:
        """Do a round for a background job: log what it removed, and return in how many seconds the next is due.

        That a role may not remove old events is its owner's decision, and not told each time.
        """
        report = await self.clean_up()
        if removed := {name: count for name, count in report.removed.items() if count}:
            logger.bind(event="housekeeping:done", **removed).info("removed what is over")
        for kind, count in (await self.backlog()).items():
            BACKLOG.labels(kind).set(count)
        return self.interval

    async def backlog(self) -> dict[str, int]:
        """Return how many rows of each kind wait to be removed; `MOST_COUNTED` stands for so many or more."""
        return {chore.name: await chore.count(MOST_COUNTED) for chore in self.chores}

    async def _batches(self, chore: Chore) -> AsyncIterator[int]:
        """Remove batch after batch, and yield how many rows each had."""

        async def work() -> int:
            if not await self.database.try_lock(LOCK):
                raise _OtherAtWorkError
            return await chore.remove(BATCH)

        count = BATCH
        while count == BATCH:
            yield (count := await self.database.transaction(work))
            await asyncio.sleep(PAUSE)


def _chore(
    name: str, remove: Callable[..., Awaitable[int]], count: Callable[..., Awaitable[int]], **age: timedelta
) -> Chore:
    return Chore(name, partial(remove, **age), partial(count, **age))
