"""Sessions of browsers that are signed in to the pages, by the value of a cookie instead of tokens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from auth_api.events.audit.actors import user_actor
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.tokens import BROWSER_SESSION, digest
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions import browser_repository
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.policy import SessionPolicy
from auth_api.sessions.principal import Principal

SHORT_IDLE_TTL: Final = timedelta(hours=12)
"""Time without a request after which the session of a browser ends whose user did not ask to stay signed in.

The browser forgets the cookie when it is closed, but many restore it, so that the server must end the session, too.
"""


class BrowserCarrier(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that keeps the new session in a cookie.

    Attributes:
        keep: whether the user asked to stay signed in.
        replaces: the value of the cookie that the browser sent, which the new one overwrites; None if it sent none.
    """

    keep: bool
    replaces: str | None


class BrowserSession(msgspec.Struct, frozen=True, kw_only=True):
    """The live session of a cookie.

    Attributes:
        principal: the user and the session, with all that it has proved.
        keep: whether the user asked to stay signed in.
    """

    principal: Principal
    keep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSessions:
    """Finds and ends sessions by the value of a cookie. `SignIn` opens them."""

    database: Database
    audit: AuditTrail
    policy: SessionPolicy

    async def find(self, raw: str) -> BrowserSession | None:
        """Return the session of a cookie, and put its end off. Not for use within a transaction.

        Args:
            raw: the value of the cookie.

        Returns:
            None if the value is unknown, the session has ended, or its user is disabled or deleted.

        Raises:
            DatabaseUnavailableException: the database failed, so that it is unknown whether the user is signed in.
        """
        if not raw.startswith(BROWSER_SESSION.prefix):
            return None
        found = await browser_repository.find(digest(raw))
        if found is None:
            return None
        if found.is_extension_due:
            await self.extend(found.principal.session_id, keep=found.keep)
        return BrowserSession(principal=found.principal, keep=found.keep)

    async def extend(self, session_id: UUID, *, keep: bool) -> None:
        """Put the end of a live session off, unless that was done a short time ago.

        Args:
            session_id: the session.
            keep: whether the user asked to stay signed in.
        """
        idle_seconds = browser_idle_ttl(self.policy, keep=keep).total_seconds()
        await self.database.statement(lambda: browser_repository.extend(session_id, idle_seconds=idle_seconds))

    async def log_out(self, raw: str, request_context: RequestContext) -> None:
        """End the session of a cookie. An unknown or ended one is ignored."""

        async def work() -> None:
            ended = await browser_repository.end(digest(raw), reason=AccessEvent.LOGGED_OUT)
            if ended is not None:
                await self.audit.record(
                    SessionEvent.SESSION_LOGGED_OUT,
                    user_id=ended.user_id,
                    request_context=request_context.with_actor(user_actor(ended.user_id)),
                    resource=f"session:{ended.session_id}",
                )

        await self.database.transaction(work)


def browser_idle_ttl(policy: SessionPolicy, *, keep: bool) -> timedelta:
    """Return the time without a request after which the session of a browser ends; at most `policy.absolute_ttl`."""
    return policy.idle_ttl if keep else SHORT_IDLE_TTL
