"""Export of the data stored about a user (GDPR articles 15 and 20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from auth_api.events.audit.events import AuditEntry
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailRecord
from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import Clock
from auth_api.kit.pagination import PageRequest
from auth_api.one_time_tokens.purpose import TokenRecord
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.principal import Principal, StoredSession
from auth_api.sessions.service import SessionService
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.throttling.failures import FailedAttempts

MAX_EXPORTED_ROWS: Final = 1000
"""Rows of each kind. An event takes about 300 bytes, so a long history takes a third of a megabyte of memory."""


class UserData(msgspec.Struct, frozen=True, kw_only=True):
    """The data stored about a user, without secrets. Lists are newest first.

    Attributes:
        at: time of the export.
        principal: the user, and the session that asked for the export.
        sessions: live and ended sessions.
        sessions_omitted: number of older sessions that are left out; the login of each is in the events.
        events: the security history.
        next_cursor: cursor of `/api/user/audit-log` for older events; None if there are none.
        one_time_tokens: mailed tokens.
        mails: sent, failed and waiting mails.
        failures: wrong passwords that the throttle counts against the user.
    """

    at: datetime
    principal: Principal
    sessions: Sequence[StoredSession]
    sessions_omitted: int
    events: Sequence[AuditEntry]
    next_cursor: str | None
    one_time_tokens: Sequence[TokenRecord]
    mails: Sequence[MailRecord]
    failures: Sequence[FailedAttempts]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportService:
    """Collects the data stored about a user."""

    sessions: SessionService
    audit: AuditTrail
    tokens: OneTimeTokens
    outbox: Outbox
    throttle: AccountThrottle
    clock: Clock

    async def export(self, principal: Principal) -> UserData:
        """Return the data stored about the user. Each kind is read by itself, so the export is not one snapshot."""
        keys = self.throttle.keys(user_id=principal.id, identifier="", client_ip=None)
        sessions, sessions_omitted = await self.sessions.list_stored(principal.id, MAX_EXPORTED_ROWS)
        events, next_cursor = await self.audit.history(principal.id, PageRequest(MAX_EXPORTED_ROWS))
        return UserData(
            at=self.clock(),
            principal=principal,
            sessions=sessions,
            sessions_omitted=sessions_omitted,
            events=events,
            next_cursor=next_cursor,
            one_time_tokens=await self.tokens.list_records(principal.id, limit=MAX_EXPORTED_ROWS),
            mails=await self.outbox.list_records(principal.id, email=principal.user.email, limit=MAX_EXPORTED_ROWS),
            failures=await self.throttle.failures(keys),
        )
