"""Makes, finds, refreshes and ends grants: what an application holds for a user.

An online grant ends with the session in which it was made. An offline grant ends some time after its last refresh, and
at the latest a fixed time after it was made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from loguru import logger

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import monotonic
from auth_api.kit.crypto.tokens import SuccessorDerivation, digest, new_salt
from auth_api.kit.db.database import Database
from auth_api.kit.errors import ServerOverloadedException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.grants import repository
from auth_api.oauth.grants.events import GrantEvent
from auth_api.oauth.grants.grant import Grant, GrantEnd, NewGrant
from auth_api.oauth.grants.mails import APP_TOKEN_REUSED
from auth_api.oauth.grants.refresh_tokens import handle_digest, new_refresh_token, successors
from auth_api.sessions.browser_sessions import BrowserSessions

MAX_ROTATION_ATTEMPTS: Final = 3
"""Reads of the grant per refresh, as other requests may replace the token between reading and writing."""

EVENTS: Final = {
    GrantEnd.CODE_REUSED: GrantEvent.OAUTH_CODE_REUSED,
    GrantEnd.TOKEN_REUSED: GrantEvent.OAUTH_REFRESH_TOKEN_REUSED,
}
"""The events of reasons that have one of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What applications hold for users.

    Attributes:
        database: for what ends a grant.
        audit: records ends of grants.
        outbox: stores the mail about a reused token.
        browser_sessions: extends the session of an online grant.
        derivation: derives successors of refresh tokens.
        idle_time: after its last refresh, an offline grant ends.
        longest_time: after it was made, an offline grant ends.
        refresh_grace: for how long a used refresh token returns its successor again.
    """

    database: Database
    audit: AuditTrail
    outbox: Outbox
    browser_sessions: BrowserSessions
    derivation: SuccessorDerivation
    idle_time: timedelta
    longest_time: timedelta
    refresh_grace: timedelta

    async def insert(self, new: NewGrant) -> str | None:
        """Add a grant, inside the transaction that claims the code. Return its refresh token if it has one.

        `find` then tells whether it is live.
        """
        token = new_refresh_token() if new.has_refresh_token else None
        lifetime = min(self.idle_time, self.longest_time) if new.is_offline else timedelta()
        await repository.insert(
            new,
            lifetime_seconds=lifetime.total_seconds(),
            handle_hash=handle_digest(token.raw) if token else None,
            refresh_hash=token.digest if token else None,
        )
        return token.raw if token else None

    async def find(self, grant_id: UUID) -> Grant | None:
        """Return a live grant.

        Returns:
            None if it is unknown or has ended, if its application or user is disabled, if the user lacks the role that
            the application requires, or if the session of an online grant has ended.
        """
        return await repository.find(grant_id)

    async def find_by_refresh_token(self, raw: str) -> Grant | None:
        """Return the live grant of a refresh token, valid or not: its handle counts. See `find`."""
        handle_hash = handle_digest(raw)
        return await repository.find_by_handle(handle_hash) if handle_hash is not None else None

    async def refresh(self, raw: str, grant: Grant, request_context: RequestContext, *, is_rotated: bool) -> str | None:
        """Return the refresh token that is valid from now on.

        A used token yields its successor again for a short time, in case the response was lost. Any other token of the
        grant was copied, so it ends the grant (RFC 9700 §4.14.2).

        Args:
            raw: the refresh token of the request.
            grant: the grant that `find_by_refresh_token` returned for it.
            request_context: the client of the request.
            is_rotated: whether the token is replaced by a successor, or stays valid.

        Returns:
            None if the token is not valid.

        Raises:
            ServerOverloadedException: other requests replace the token all the time, or an instance with another
                `TOKEN_DERIVATION_KEY` has replaced it.
        """
        presented, began, present = digest(raw), monotonic(), grant
        for _ in range(MAX_ROTATION_ATTEMPTS):
            # A request that was already waiting when the token was used is concurrent, however short the grace is.
            grace = max(self.refresh_grace, timedelta(seconds=monotonic() - began))
            if presented == present.refresh_hash:
                token = await self._next(raw, present) if is_rotated else await self._same(raw, present)
            elif presented == present.previous_hash and present.was_spent_within(grace):
                token = self._repeated(raw, present)
            else:
                is_late_retry = presented == present.previous_hash  # its response was probably lost
                await self.end(grant.id, request_context, reason=GrantEnd.TOKEN_REUSED, warns=not is_late_retry)
                return None
            if token is not None:
                await self._extend_session(present)
                return token
            found = await repository.find(grant.id)
            if found is None:
                return None
            present = found
        raise ServerOverloadedException

    async def end(
        self, grant_id: UUID, request_context: RequestContext, *, reason: GrantEnd, warns: bool = False
    ) -> bool:
        """End a grant, and record it. Of any number of concurrent callers, one gets True.

        Args:
            grant_id: the grant, live or not.
            request_context: the client of the request.
            reason: why it ends.
            warns: whether the user gets a mail about a copied token.
        """

        async def work() -> bool:
            if (ended := await repository.end(grant_id, reason=reason)) is None:
                return False
            user_id, client_id, name = ended
            await self.audit.record(
                EVENTS.get(reason, GrantEvent.OAUTH_GRANT_ENDED),
                user_id=user_id,
                request_context=request_context,
                resource=f"grant:{grant_id}",
                client=client_id,
            )
            if warns:
                await self.outbox.to_user(APP_TOKEN_REUSED, user_id, request_context, application=name)
            return True

        return await self.database.transaction(work)

    async def end_of_user(self, user_id: int, *, only_online: bool, reason: str) -> int:
        """End the grants of a user, or only the online ones. Return their number.

        Call it inside the flow's transaction that has locked the user's row.
        """
        return await repository.end_of_user(user_id, only_online=only_online, reason=reason)

    async def end_of_client(self, user_id: int, client_row_id: int, *, reason: str) -> int:
        """End the grants of an application for a user, see `end_of_user`."""
        return await repository.end_of_client(user_id, client_row_id, reason=reason)

    async def _next(self, raw: str, grant: Grant) -> str | None:
        """Replace the valid token. Return None if another request has done so."""
        salt = new_salt()
        successor = next(successors(self.derivation, raw, salt))
        is_mine = await repository.rotate(
            grant.id,
            refresh_hash=digest(raw),
            successor_hash=successor.digest,
            salt=salt,
            expires_at=self._end_of(grant),
        )
        return successor.raw if is_mine else None

    async def _same(self, raw: str, grant: Grant) -> str | None:
        is_valid = await repository.use(grant.id, refresh_hash=digest(raw), expires_at=self._end_of(grant))
        return raw if is_valid else None

    def _repeated(self, raw: str, grant: Grant) -> str:
        for successor in successors(self.derivation, raw, grant.salt or ""):
            if successor.digest == grant.refresh_hash:
                return successor.raw
        logger.bind(event="refresh:refused", user_id=grant.user_id).warning(
            "a refresh token was rotated with an unknown TOKEN_DERIVATION_KEY"
        )
        raise ServerOverloadedException

    def _end_of(self, grant: Grant) -> datetime:
        """Return the end of a grant that is used now. The end of an online grant is that of its session."""
        if not grant.is_offline:
            return grant.now
        return min(grant.now + self.idle_time, grant.created_at + self.longest_time)

    async def _extend_session(self, grant: Grant) -> None:
        if not grant.is_offline and grant.session_id is not None:
            await self.browser_sessions.extend(grant.session_id, keep=grant.keeps_session)
