"""Removal of expired rows: in small transactions, by one process at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
from loguru import logger

from auth_api.kit.db.database import Database
from auth_api.kit.db.retention import RetentionRule, count_expired, remove_expired
from auth_api.kit.db.violations import NOT_PERMITTED
from auth_api.operations.housekeeping.metrics import ADMINISTRATORS, BACKLOG
from auth_api.roles.provider_grants import ProviderGrants
from auth_api.roles.service import RoleService

MAX_REMOVAL_BATCH: Final = 500
"""Rows per transaction, which takes milliseconds: a login on SQLite may have to wait for it."""

PAUSE_SECONDS: Final = 0.02
"""Pause between two transactions, for requests that wait to write."""

MAX_COUNTED_ROWS: Final = 10_000

PROVIDER_ROLES: Final = "provider_roles"
"""Name of the roles of unused identities, whose removal needs more than a rule."""

ADVISORY_LOCK: Final = int.from_bytes(b"cleaning")
"""Held in the database by the process that removes a batch."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a clean-up.

    Attributes:
        removed: number of rows removed, by the name of their rule.
        not_permitted: rules whose rows the database role may not remove.
        is_complete: False if another process was found removing rows: that process continues instead.
    """

    removed: dict[str, int]
    not_permitted: list[str]
    is_complete: bool


class _OtherProcessActiveError(Exception):
    """Another process is removing a batch."""


class _NotPermittedError(Exception):
    """The database role may not remove these rows, which is the operator's decision and not an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HousekeepingService:
    """Removes expired rows. User accounts never expire.

    Attributes:
        database: where the rows are.
        rules: which rows are removed, in this order.
        interval: seconds between two clean-ups of the background job.
        roles: counts the administrators.
        provider_grants: removes the roles of identities that are no longer used.
        grants_kept_for: how long an identity keeps them after its last use.
    """

    database: Database
    rules: tuple[RetentionRule, ...]
    interval: float
    roles: RoleService
    provider_grants: ProviderGrants
    grants_kept_for: timedelta

    async def clean_up(self) -> Report:
        """Remove all expired rows in batches, each in its own transaction.

        Raises:
            DatabaseUnavailableException: the database failed; batches before that stay removed.
            CircuitBreakerOpenException: the breaker of the database is open.
            ServerOverloadedException: no connection became free in time.
        """
        removed = {rule.name: 0 for rule in self.rules}
        not_permitted: list[str] = []
        for rule in self.rules:
            try:
                async for count in self._remove_batches(rule):
                    removed[rule.name] += count
            except _NotPermittedError:
                not_permitted.append(rule.name)
            except _OtherProcessActiveError:
                return Report(removed=removed, not_permitted=not_permitted, is_complete=False)
        removed[PROVIDER_ROLES] = await self.provider_grants.remove_unused(self.grants_kept_for, MAX_REMOVAL_BATCH)
        return Report(removed=removed, not_permitted=not_permitted, is_complete=True)

    async def step(self) -> float:
        """Clean up for a background job, log what was removed and update the metrics.

        A role that may not remove events is the operator's decision and not logged each time.

        Returns:
            Seconds until the next clean-up.
        """
        report = await self.clean_up()
        if removed := {name: count for name, count in report.removed.items() if count}:
            logger.bind(event="housekeeping:finished", **removed).info("expired rows removed")
        for name, count in (await self.backlog()).items():
            BACKLOG.labels(name).set(count)
        ADMINISTRATORS.set(await self.roles.count_administrators())
        return self.interval

    async def backlog(self) -> dict[str, int]:
        """Return the number of expired rows by rule; `MAX_COUNTED_ROWS` stands for that number or more."""
        counts = {rule.name: await count_expired(rule, MAX_COUNTED_ROWS) for rule in self.rules}
        unused = await self.provider_grants.count_unused(self.grants_kept_for, MAX_COUNTED_ROWS)
        return {**counts, PROVIDER_ROLES: unused}

    async def _remove_batches(self, rule: RetentionRule) -> AsyncIterator[int]:
        """Remove batches until one is not full, and yield the number of rows in each."""

        async def remove_batch() -> int:
            if not await self.database.try_lock(ADVISORY_LOCK):
                raise _OtherProcessActiveError
            try:
                return await remove_expired(rule, MAX_REMOVAL_BATCH)
            except NOT_PERMITTED as error:
                raise _NotPermittedError from error

        count = MAX_REMOVAL_BATCH
        while count == MAX_REMOVAL_BATCH:
            yield (count := await self.database.transaction(remove_batch))
            await asyncio.sleep(PAUSE_SECONDS)
