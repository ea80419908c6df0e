"""Opening, checking and ending sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.clock import Clock
from auth_api.kit.crypto.tokens import digest, new_token
from auth_api.kit.db.database import Database
from auth_api.kit.networks import network_of
from auth_api.kit.pagination import PageRequest, bad_cursor, cut
from auth_api.kit.request_context import RequestContext
from auth_api.kit.uuid7 import uuid7
from auth_api.sessions import repository
from auth_api.sessions.access_tokens import AccessTokenClaims, AccessTokens
from auth_api.sessions.errors import SessionNotFoundException, TokenRevokedException
from auth_api.sessions.policy import KNOWN_NETWORK_PERIOD, REFRESH_TOKEN_PREFIX, SessionPolicy
from auth_api.sessions.principal import KeptSession, LiveSession, Principal
from auth_api.sessions.principal_loader import PrincipalLoader
from auth_api.sessions.schemas import TokenPair, token_pair_view

BATCH: Final = 5000
"""Rows of one statement, which has a time limit."""

AMR_PASSWORD: Final = "pwd"  # noqa: S105 - RFC 8176: proved by a password

LOGGED_OUT: Final = "logged_out"
LOGGED_OUT_EVERYWHERE: Final = "logged_out_everywhere"
EVICTED: Final = "too_many_sessions"


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has just begun.

    Attributes:
        tokens: its first pair.
        is_first: the account has had no other one, as far as is known.
        knows_network: another one was opened from the same network in the last 30 days.
    """

    tokens: TokenPair
    is_first: bool
    knows_network: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionService:
    """Sessions, but for their rotation."""

    database: Database
    audit: AuditTrail
    access_tokens: AccessTokens
    principal_loader: PrincipalLoader
    policy: SessionPolicy
    clock: Clock

    async def open(
        self, user_id: int, *, at: datetime, request_context: RequestContext, amr: str = AMR_PASSWORD
    ) -> OpenedSession:
        """Begin a session, and end the oldest one if there are too many now.

        Belongs into the transaction of the flow that proved who it is, after a change of the account's row: who opens
        another session waits for that row, so that parallel logins cannot exceed the number together.

        Args:
            user_id: whose session it is.
            at: the present, on the database's clock.
            request_context: where the request came from.
            amr: how identity was proved (RFC 8176).
        """
        session_id, refresh_token = uuid7(at), new_token(REFRESH_TOKEN_PREFIX)
        idle_ttl = min(self.policy.idle_ttl, self.policy.absolute_ttl)
        earlier = await repository.insert_session(
            session_id,
            user_id=user_id,
            at=at,
            expires_at=at + idle_ttl,
            absolute_expires_at=at + self.policy.absolute_ttl,
            request_context=request_context,
            amr=amr,
            known_since=at - KNOWN_NETWORK_PERIOD,
        )
        await repository.insert_token(
            refresh_token.digest, user_id=user_id, session_id=session_id, at=at, expires_at=at + idle_ttl
        )
        if earlier.live >= self.policy.per_account:
            await self._end_oldest(user_id, request_context, keep=self.policy.per_account)
        access_token = self.access_tokens.issue(user_id=user_id, session_id=session_id, session_ends_in=idle_ttl)
        tokens = token_pair_view(access_token, refresh_token, refresh_expires_in=idle_ttl)
        return OpenedSession(tokens=tokens, is_first=not earlier.exist, knows_network=earlier.from_this_network)

    async def principal(self, claims: AccessTokenClaims) -> Principal:
        """Return who is behind a verified access token, by one look-up. Not for use within a transaction.

        Raises:
            TokenRevokedException: the session ended, or the account is disabled or gone.
        """
        principal = await self.principal_loader.find(claims.sid, claims.user_id)
        if principal is None:
            raise TokenRevokedException
        return principal

    async def log_out(self, access_token: str, request_context: RequestContext) -> None:
        """End the session of an access token, expired or not. Nothing happens to a session that has ended.

        Raises:
            TokenInvalidException: the token is not a genuine one.
        """
        claims = self.access_tokens.verify_ignoring_expiry(access_token)
        await self._end(claims.sid, claims.user_id, request_context)

    async def log_out_by_refresh_token(self, raw: str, request_context: RequestContext) -> None:
        """End the session that a refresh token belongs to. An unknown token is no error (RFC 7009 §2.2)."""
        if (session := await repository.session_of_token(digest(raw))) is not None:
            await self._end(*session, request_context)

    async def log_out_everywhere(
        self, principal: Principal, request_context: RequestContext, *, keep_current: bool
    ) -> int:
        """End all sessions of the account, or all but this one. Returns how many."""

        async def work() -> int:
            keep = principal.session_id if keep_current else None
            ended = await repository.end_sessions(principal.id, reason=LOGGED_OUT_EVERYWHERE, keep=keep)
            await self.audit.record(
                EventTag.SESSIONS_LOGGED_OUT,
                user_id=principal.id,
                request_context=request_context,
                sessions_ended=ended,
            )
            return ended

        return await self.database.transaction(work)

    async def knows_network(self, user_id: int, address: str | None) -> bool:
        """Tell whether the account's owner has logged in from this network in the last 30 days."""
        since = self.clock() - KNOWN_NETWORK_PERIOD
        return await repository.was_opened_from(user_id, network_of(address), since=since)

    async def list_live(self, user_id: int, request: PageRequest) -> tuple[Sequence[LiveSession], str | None]:
        """Return a page of the account's sessions, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        try:
            after = UUID(request.after) if request.after is not None else None
        except ValueError as error:
            raise bad_cursor() from error
        rows = await repository.live_sessions(user_id, after=after, limit=request.limit + 1)
        return cut(rows, request, lambda session: session.id)

    async def list_kept(self, user_id: int, limit: int) -> tuple[Sequence[KeptSession], int]:
        """Return the newest sessions of the account, over or not; and how many older ones are kept."""
        sessions, count = await repository.kept_sessions(user_id, limit=limit)
        return sessions, count - len(sessions)

    async def end_one(self, session_id: UUID, user_id: int, request_context: RequestContext) -> None:
        """End one session of the account.

        Raises:
            SessionNotFoundException: the account has no such live session.
        """
        if not await self._end(session_id, user_id, request_context):
            raise SessionNotFoundException

    async def end_all(self, user_id: int, *, reason: str, keep: UUID | None = None) -> int:
        """End all sessions of an account, but the one to keep, inside the transaction of a flow. Returns how many."""
        return await repository.end_sessions(user_id, reason=reason, keep=keep)

    async def end_everybodys(self, *, reason: str) -> int:
        """End all sessions there are, inside the transaction of a flow. Returns how many."""
        count = 0
        while ended := await repository.end_some_sessions(BATCH, reason=reason):
            count += ended
        while await repository.revoke_some_tokens(BATCH):
            pass
        return count

    async def _end_oldest(self, user_id: int, request_context: RequestContext, *, keep: int) -> None:
        for ended in await repository.end_oldest_sessions(user_id, keep=keep, reason=EVICTED):
            await self.audit.record(
                EventTag.SESSION_EVICTED, user_id=user_id, request_context=request_context, resource=f"session:{ended}"
            )

    async def _end(self, session_id: UUID, user_id: int, request_context: RequestContext) -> bool:
        async def work() -> bool:
            ended = await repository.end_session(session_id, user_id, reason=LOGGED_OUT)
            if ended:
                await self.audit.record(
                    EventTag.SESSION_LOGGED_OUT,
                    user_id=user_id,
                    request_context=request_context,
                    resource=f"session:{session_id}",
                )
            return ended

        return await self.database.transaction(work)
