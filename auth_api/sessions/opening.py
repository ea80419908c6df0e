"""Open sessions, and end the ones that they replace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.cookie_mode import COOKIE_MODE, COOKIE_TRANSPORT, transport_of_request
from auth_api.kit.crypto.tokens import BROWSER_SESSION, REFRESH_TOKEN, OpaqueToken, digest, new_token
from auth_api.kit.request_context import RequestContext
from auth_api.kit.uuid7 import uuid7
from auth_api.sessions import browser_repository, repository, rotation_repository
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.browser_sessions import BrowserCarrier, browser_idle_ttl
from auth_api.sessions.claims import Claims
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.opened import OpenedSession
from auth_api.sessions.policy import KNOWN_NETWORK_PERIOD, SessionPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpening:
    """Opens sessions, whose secret is a refresh token or the cookie of a browser."""

    audit: AuditTrail
    policy: SessionPolicy

    async def open(  # noqa: PLR0913 - the facts of a session
        self,
        user_id: int,
        *,
        at: datetime,
        amr: Sequence[str],
        mfa_at: datetime | None,
        auth_time: datetime | None = None,
        identity_id: int | None = None,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> OpenedSession:
        """Open a session, and end the one that the browser had before, and the oldest one if the user has too many.

        Only `SignIn` calls it, inside the transaction that verified the identity, after a change of the user's row:
        concurrent logins wait for the lock of this row, so that together they cannot exceed the limit.

        Args:
            user_id: the user of the session.
            at: the current time by the database's clock.
            amr: the methods by which the user proved their identity (RFC 8176), in the order of their last use.
            mfa_at: the time of the last proof by a second factor; None if there was none.
            auth_time: the time of an earlier proof; None if the user has just proved their identity. It is then
                `mfa_at`, if there is one: a password does not renew that proof.
            identity_id: the identity that proved the first factor; None if there was none.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.
        """
        if carrier is not None and carrier.replaces is not None:
            await self._end_replaced(carrier.replaces, request_context)
        if (mode := COOKIE_MODE.get()) is not None and mode.refresh_token:
            await self._end_presented(mode.refresh_token, request_context)
        session_id, stored_amr, auth_time = uuid7(at), " ".join(amr), auth_time or mfa_at or at
        idle_ttl = self.policy.idle_ttl if carrier is None else browser_idle_ttl(self.policy, keep=carrier.keep)
        others = await repository.insert_session(
            session_id,
            user_id=user_id,
            at=at,
            expires_at=at + idle_ttl,
            absolute_expires_at=at + self.policy.absolute_ttl,
            request_context=request_context,
            amr=stored_amr,
            auth_time=auth_time,
            mfa_at=mfa_at,
            transport=transport_of_request(),
            identity_id=identity_id,
            known_since=at - KNOWN_NETWORK_PERIOD,
        )
        if carrier is None:
            secret = await self._add_refresh_token(session_id, user_id, at=at, expires_at=at + idle_ttl)
        else:
            secret = new_token(BROWSER_SESSION)
            await browser_repository.insert(session_id, token_hash=secret.digest, keep=carrier.keep)
        if others.live_count >= self.policy.per_account:
            await self._end_oldest(user_id, request_context, kept_count=self.policy.per_account)
        return OpenedSession(
            claims=Claims.of_session(
                user_id=user_id,
                session_id=session_id,
                amr=stored_amr,
                auth_time=auth_time,
                mfa_at=mfa_at,
                facts=others.facts,
                now=at,
            ),
            secret=secret,
            expires_in=idle_ttl,
            absolute_expires_in=self.policy.absolute_ttl,
            is_first=not others.has_any,
            is_known_network=others.has_same_network,
        )

    @staticmethod
    async def _add_refresh_token(session_id: UUID, user_id: int, *, at: datetime, expires_at: datetime) -> OpaqueToken:
        token = new_token(REFRESH_TOKEN)
        await repository.insert_token(
            token.digest, user_id=user_id, session_id=session_id, at=at, expires_at=expires_at
        )
        return token

    async def _end_replaced(self, raw: str, request_context: RequestContext) -> None:
        """End the live session of a cookie, which may be that of another user."""
        if (ended := await browser_repository.end(digest(raw), reason=AccessEvent.REPLACED)) is not None:
            await self._record_replaced(ended.session_id, ended.user_id, request_context)

    async def _end_presented(self, raw: str, request_context: RequestContext) -> None:
        """End the live session of a refresh cookie, which may be that of another user."""
        session = await rotation_repository.session_of_token(digest(raw), transport=COOKIE_TRANSPORT)
        if session is not None and await repository.end_session(*session, reason=AccessEvent.REPLACED):
            await self._record_replaced(*session, request_context)

    async def _record_replaced(self, session_id: UUID, user_id: int, request_context: RequestContext) -> None:
        await self.audit.record(
            SessionEvent.SESSION_EVICTED,
            user_id=user_id,
            request_context=request_context,
            resource=f"session:{session_id}",
            reason=AccessEvent.REPLACED.value,
        )

    async def _end_oldest(self, user_id: int, request_context: RequestContext, *, kept_count: int) -> None:
        for ended in await repository.end_oldest_sessions(
            user_id, kept_count=kept_count, reason=AccessEvent.TOO_MANY_SESSIONS
        ):
            await self.audit.record(
                SessionEvent.SESSION_EVICTED,
                user_id=user_id,
                request_context=request_context,
                resource=f"session:{ended}",
            )
