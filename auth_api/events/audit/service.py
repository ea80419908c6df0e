"""Records and reads the security history."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from loguru import logger

from auth_api.events.audit import repository
from auth_api.events.audit.actors import stored_actor
from auth_api.events.audit.events import AuditEntry, EventTag
from auth_api.kit.db.database import after_commit
from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.kit.request_context import RequestContext

MAX_EXPORT_BATCH: Final = 1000
"""Events per query of the export."""

SETTLED_AGE: Final = timedelta(minutes=1)
"""The transaction of an older event has ended: transactions time out earlier."""

MIN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The append-only security history.

    Record an event in the transaction of the change, so that both are committed or neither. An event without a change,
    such as a failed login, needs no transaction of its own: `Database.statement`.
    """

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
            tag: name of the event.
            user_id: the user whose history it belongs to; None if no user is known.
            request_context: the request that caused it, and who was authenticated. Its `via` is added to the details.
            resource: the object of the event, such as `session:<id>`.
            details: further values. Never a secret, and never text that a client chose.
        """
        if request_context.via is not None:
            details["via"] = request_context.via
        await repository.append(
            tag, user_id=user_id, resource=resource, details=details, request_context=request_context
        )
        actor = stored_actor(request_context.actor, user_id)
        line = logger.bind(event=tag.value, user_id=user_id, resource=resource, actor=actor, **_flat(details))
        after_commit(lambda: line.info("audit event"))

    async def history(self, user_id: int, request: PageRequest) -> tuple[Sequence[AuditEntry], str | None]:
        """Return a page of a user's events, newest first, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        rows = await repository.history(user_id, before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, lambda row: row.id)

    async def export(
        self, *, after: int = 0, since: datetime = MIN_TIME, until: datetime = MAX_TIME, user_id: int | None = None
    ) -> AsyncIterator[Sequence[AuditEntry]]:
        """Yield events in batches, ordered by id; neighbouring events can differ from the order of time.

        Events of the last minute are left out: an event gets its id before its transaction is committed, and an export
        that continues after the last id would miss an event that was committed late.

        Args:
            after: the last id of the previous export, to continue it.
            since: first time included.
            until: first time excluded.
            user_id: the user whose events are exported; None for all events.
        """
        since, until = since.astimezone(UTC), until.astimezone(UTC)
        ids = await repository.id_range(since, until, settled=SETTLED_AGE)
        ids = range(max(ids.start, after + 1), ids.stop)
        while ids:
            rows = await self._batch(ids, since, until, user_id)
            if not rows:
                return
            yield rows
            ids = range(rows[-1].id + 1, ids.stop)

    async def _batch(self, ids: range, since: datetime, until: datetime, user_id: int | None) -> Sequence[AuditEntry]:
        if user_id is None:
            return await repository.all_events(ids, since, until, limit=MAX_EXPORT_BATCH)
        return await repository.user_events(user_id, ids, since, until, limit=MAX_EXPORT_BATCH)


def _flat(details: Mapping[str, object]) -> dict[str, object]:
    """Return details without lists, as log lines are flat: texts of a list are separated by spaces."""
    return {name: " ".join(value) if isinstance(value, list | tuple) else value for name, value in details.items()}
