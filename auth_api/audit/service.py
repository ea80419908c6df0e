"""Writes the security history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loguru import logger

from auth_api.audit import repository
from auth_api.audit.events import AuditRow, EventTag
from auth_api.kit.db.database import after_commit
from auth_api.kit.origin import Origin
from auth_api.kit.pages import PageRequest, bad_cursor, cut

MAX_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Append-only. Called inside the transaction of what it records: both are kept, or neither."""

    async def record(
        self,
        tag: EventTag,
        *,
        user_id: int | None,
        origin: Origin,
        resource: str = "account",
        **details: object,
    ) -> None:
        """Add a row, and say so in the log once it is committed.

        Args:
            tag: what happened.
            user_id: whose history it belongs to; None where no account is known.
            origin: where the request came from.
            resource: what it happened to, such as `session:<id>`.
            details: more about it. Never a secret and nothing that somebody typed.
        """
        await repository.append(tag, user_id=user_id, resource=resource, details=details, origin=origin)
        log = logger.bind(event=tag.value, user_id=user_id, resource=resource, **details)
        after_commit(lambda: log.info("audit event"))

    async def history(self, user_id: int, request: PageRequest) -> tuple[Sequence[AuditRow], str | None]:
        """Return a page of an account's events, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        before = request.after or str(MAX_ID)
        if not before.isdigit() or int(before) > MAX_ID:
            raise bad_cursor()
        rows = await repository.history(user_id, before=int(before), limit=request.limit + 1)
        return cut(rows, request, lambda row: row.id)
