"""Writes and reads the security history."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from loguru import logger

from auth_api.events.audit import repository
from auth_api.events.audit.events import AuditEntry, EventTag
from auth_api.kit.db.database import after_commit
from auth_api.kit.pagination import PageRequest, bad_cursor, cut
from auth_api.kit.request_context import RequestContext

EXPORT_BATCH: Final = 1000

SETTLED: Final = timedelta(minutes=1)
"""An event that is older is committed, or never will be: no transaction takes that long."""

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Append-only. Called inside the transaction of what it records: both are kept, or neither."""

    async def record(
        self,
        tag: EventTag,
        *,
        user_id: int | None,
        request_context: RequestContext,
        resource: str = "account",
        **details: object,
    ) -> None:
        """Add a row, and log the event once it is committed.

        Args:
            tag: what happened.
            user_id: whose history it belongs to; None where no account is known.
            request_context: where the request came from.
            resource: what it happened to, such as `session:<id>`.
            details: more about it. Never a secret and nothing that somebody typed.
        """
        await repository.append(
            tag, user_id=user_id, resource=resource, details=details, request_context=request_context
        )
        line = logger.bind(event=tag.value, user_id=user_id, resource=resource, **details)
        after_commit(lambda: line.info("audit event"))

    async def history(self, user_id: int, request: PageRequest) -> tuple[Sequence[AuditEntry], str | None]:
        """Return a page of an account's events, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        before = request.after or str(repository.MAX_ID)
        if not before.isdigit() or int(before) > repository.MAX_ID:
            raise bad_cursor()
        rows = await repository.history(user_id, before=int(before), limit=request.limit + 1)
        return cut(rows, request, lambda row: row.id)

    async def export(
        self, *, after: int = 0, since: datetime = BEGINNING, until: datetime = END, user_id: int | None = None
    ) -> AsyncIterator[Sequence[AuditEntry]]:
        """Yield events batch by batch, in the order of their ids, which is that of time but for moments.

        The last minute is left out: an event gets its id before its transaction is committed, and whoever goes on
        after the last id would never see one that was committed late.

        Args:
            after: the last id of an export before, to go on from there.
            since: the first moment that counts.
            until: the first moment that does not count any more.
            user_id: whose events; None for everybody's, and those without an account.
        """
        since, until = since.astimezone(UTC), until.astimezone(UTC)
        ids = await repository.id_range(since, until, settled=SETTLED)
        ids = range(max(ids.start, after + 1), ids.stop)
        while ids:
            rows = await self._batch(ids, since, until, user_id)
            if not rows:
                return
            yield rows
            ids = range(rows[-1].id + 1, ids.stop)

    async def _batch(self, ids: range, since: datetime, until: datetime, user_id: int | None) -> Sequence[AuditEntry]:
        if user_id is None:
            return await repository.all_events(ids, since, until, limit=EXPORT_BATCH)
        return await repository.user_events(user_id, ids, since, until, limit=EXPORT_BATCH)
