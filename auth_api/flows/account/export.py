"""All that is kept about a person, in one document (GDPR articles 15 and 20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from auth_api.events.audit.events import AuditEntry
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.account import repository
from auth_api.flows.account.repository import KeptMail, KeptToken
from auth_api.kit.clock import Clock
from auth_api.kit.pagination import PageRequest
from auth_api.sessions.principal import KeptSession, Principal
from auth_api.sessions.service import SessionService
from auth_api.throttling.accounts import AccountThrottle
from auth_api.throttling.failures import Failures

MOST: Final = 1000
"""Of each kind. Nobody's past may fill the memory: some 300 bytes an event, so a third of a megabyte."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept, each kind newest first.

    Attributes:
        at: when it was looked up.
        principal: whose it is, and in which session that was asked.
        sessions: live and past.
        sessions_omitted: how many older ones there are. Nothing is lost by that: each began with an event.
        events: the history.
        next_cursor: where the list of one's own history goes on, if it does.
        one_time_tokens: what was mailed, without the secret.
        mails: sent or not.
        failures: what the throttle holds against the account.
    """

    at: datetime
    principal: Principal
    sessions: Sequence[KeptSession]
    sessions_omitted: int
    events: Sequence[AuditEntry]
    next_cursor: str | None
    one_time_tokens: Sequence[KeptToken]
    mails: Sequence[KeptMail]
    failures: Sequence[Failures]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportService:
    """Collects what is kept about a person, and no secret."""

    sessions: SessionService
    audit: AuditTrail
    throttle: AccountThrottle
    clock: Clock

    async def export(self, principal: Principal) -> Kept:
        """Return what is kept about the account's owner. It is not one moment's: each kind is looked up by itself."""
        target = self.throttle.target(user_id=principal.id, name="", address=None)
        sessions, sessions_omitted = await self.sessions.list_kept(principal.id, MOST)
        events, next_cursor = await self.audit.history(principal.id, PageRequest(MOST))
        return Kept(
            at=self.clock(),
            principal=principal,
            sessions=sessions,
            sessions_omitted=sessions_omitted,
            events=events,
            next_cursor=next_cursor,
            one_time_tokens=await repository.one_time_tokens(principal.id, limit=MOST),
            mails=await repository.mails(principal.id, address=principal.user.email, limit=MOST),
            failures=await self.throttle.failures(target),
        )
