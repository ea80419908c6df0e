"""Records and reads the security history."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from loguru import logger

from auth_api.events.audit import repository
from auth_api.events.audit.actors import ADMINISTRATOR, OWNER, SERVICE, owner_of, seen_as, stored_actor
from auth_api.events.audit.events import MAX_TIME, MIN_TIME, AuditEntry, EventFilter, EventTag
from auth_api.events.audit.metrics import ADMIN_ACTS
from auth_api.kit.db.database import after_commit
from auth_api.kit.ids import MAX_ID
from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.kit.request_context import RequestContext

MAX_EXPORT_BATCH: Final = 1000
"""Events per query of the export."""

SETTLED_AGE: Final = timedelta(minutes=1)
"""The transaction of an older event has ended: transactions time out earlier."""


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
            request_context: the request that caused it, and who was authenticated. Its `via` and `key_id` are added to
                the details.
            resource: the object of the event, such as `session:<id>`.
            details: further values. Never a secret, and never text that a client chose.
        """
        if request_context.via is not None:
            details["via"] = request_context.via
        if request_context.key_id is not None:
            details["key_id"] = request_context.key_id
        await repository.append(
            tag, user_id=user_id, resource=resource, details=details, request_context=request_context
        )
        actor = stored_actor(request_context.actor, user_id)
        line = logger.bind(event=tag.value, user_id=user_id, resource=resource, actor=actor, **_flat(details))
        after_commit(lambda: line.info("audit event"))
        if seen_as(actor, tag.value) in (ADMINISTRATOR, SERVICE):
            after_commit(ADMIN_ACTS.labels(tag.value).inc)

    async def history(self, user_id: int, request: PageRequest) -> tuple[Sequence[AuditEntry], str | None]:
        """Return a page of a user's events, newest first, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        rows = await repository.history(user_id, before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, lambda row: row.id)

    async def search(self, wanted: EventFilter, request: PageRequest) -> tuple[Sequence[AuditEntry], str | None]:
        """Return a page of the events of all users, newest first, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        before = before_id(request)
        if wanted.actor == OWNER or any(text and not text.isprintable() for text in (wanted.actor, wanted.action)):
            return [], None  # no caller has this name, and PostgreSQL refuses a NUL
        ids = range(1, MAX_ID)
        if (wanted.since, wanted.until) != (MIN_TIME, MAX_TIME):
            ids = await repository.id_range(wanted.since, wanted.until, settled=timedelta(0))
        rows = await self._find(wanted, range(ids.start, min(ids.stop, before)), request.limit + 1)
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
        ids = await self._settled_ids(after, since, until)
        while ids:
            rows = await self._batch(ids, since, until, user_id, MAX_EXPORT_BATCH)
            if not rows:
                return
            yield rows
            ids = range(rows[-1].id + 1, ids.stop)

    async def export_batch(
        self, *, after: int, since: datetime, until: datetime, user_id: int | None, limit: int
    ) -> tuple[Sequence[AuditEntry], bool]:
        """Return the first `limit` events of an export, and whether there are more; see `export`."""
        ids = await self._settled_ids(after, since, until)
        rows = await self._batch(ids, since, until, user_id, limit + 1) if ids else []
        return rows[:limit], len(rows) > limit

    @staticmethod
    async def _settled_ids(after: int, since: datetime, until: datetime) -> range:
        ids = await repository.id_range(since, until, settled=SETTLED_AGE)
        return range(max(ids.start, after + 1), ids.stop)

    @staticmethod
    async def _find(wanted: EventFilter, ids: range, limit: int) -> Sequence[AuditEntry]:
        """Return events with these ids, newest first, by the index that leaves the fewest rows."""
        if wanted.user_id is not None:
            return await repository.find_of_user(wanted.user_id, wanted, ids, limit=limit)
        if wanted.actor is None:
            return await repository.find_of_all(wanted, ids, limit=limit)
        rows = await repository.find_of_actor(wanted.actor, wanted, ids, limit=limit)
        if (owner := owner_of(wanted.actor)) is not None:  # rows do not name the id of the user in their own history
            rows += await repository.find_of_user(owner, wanted, ids, limit=limit)
        return sorted(rows, key=lambda row: row.id, reverse=True)[:limit]

    @staticmethod
    async def _batch(
        ids: range, since: datetime, until: datetime, user_id: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        if user_id is None:
            return await repository.all_events(ids, since, until, limit=limit)
        return await repository.user_events(user_id, ids, since, until, limit=limit)


def _flat(details: Mapping[str, object]) -> dict[str, object]:
    """Return details without lists, as log lines are flat: texts of a list are separated by spaces."""
    return {name: " ".join(value) if isinstance(value, list | tuple) else value for name, value in details.items()}
