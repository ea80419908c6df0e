"""Re-encryption of all sealed values with the newest key, while servers run."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from auth_api.kit.crypto.sealing import SealedValueError, Sealing
from auth_api.kit.db.database import Database
from auth_api.kit.db.sealed_columns import SealedColumn, SealedValue, find_outdated, replace_sealed

MAX_BATCH: Final = 100
"""Values per transaction, which takes milliseconds: a login on SQLite may have to wait for it."""

PAUSE_SECONDS: Final = 0.02
"""Pause between two transactions, for requests that wait to write."""


class Outcome(StrEnum):
    """What happened to a value that the newest key had not sealed."""

    REENCRYPTED = "reencrypted"
    CHANGED = "changed"
    """A server has changed the row meanwhile: its value stays as the server has written it."""
    UNREADABLE = "unreadable"
    """No key of the settings opens the value, which stays as it is."""


class NoDataKeyError(Exception):
    """No key is set to encrypt values with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReencryptionService:
    """Seals values again with the newest key, so that the older keys can be removed.

    Attributes:
        database: where the values are.
        sealing: the keys; None if there are none.
        columns: where values are sealed.
    """

    database: Database
    sealing: Sealing | None
    columns: tuple[SealedColumn, ...]

    async def reencrypt(self) -> dict[str, Counter[Outcome]]:
        """Seal all values again that the newest key has not sealed, in batches, each in its own transaction.

        Returns:
            The number of values with each outcome, by column.

        Raises:
            NoDataKeyError: no key is set.
            DatabaseUnavailableException: the database failed; batches before that stay in effect.
            CircuitBreakerOpenException: the breaker of the database is open.
            ServerOverloadedException: no connection became free in time.
        """
        if self.sealing is None:
            raise NoDataKeyError
        return {column.label: await self._reencrypt_column(column, self.sealing) for column in self.columns}

    async def _reencrypt_column(self, column: SealedColumn, sealing: Sealing) -> Counter[Outcome]:
        counts: Counter[Outcome] = Counter()
        last: SealedValue | None = None
        while True:
            batch = await self.database.transaction(partial(_reencrypt_batch, column, sealing, last))
            counts.update(batch.values())
            if len(batch) < MAX_BATCH:
                return counts
            *_, last = batch
            await asyncio.sleep(PAUSE_SECONDS)


async def _reencrypt_batch(
    column: SealedColumn, sealing: Sealing, after: SealedValue | None
) -> dict[SealedValue, Outcome]:
    found = await find_outdated(column, newest_prefix=sealing.newest_prefix, after=after, limit=MAX_BATCH)
    return {value: await _reencrypt_value(column, sealing, value) for value in found}


async def _reencrypt_value(column: SealedColumn, sealing: Sealing, old: SealedValue) -> Outcome:
    try:
        value = sealing.unseal(old.sealed, table=column.name, row=old.row_key)
    except SealedValueError:
        return Outcome.UNREADABLE
    sealed = sealing.seal(value, table=column.name, row=old.row_key)
    return Outcome.REENCRYPTED if await replace_sealed(column, old, sealed) else Outcome.CHANGED
