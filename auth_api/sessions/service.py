"""Check, list and end sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from auth_api.events.audit.actors import user_actor
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.clock import Clock
from auth_api.kit.cookie_mode import transport_of_request
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.db.database import Database
from auth_api.kit.networks import network_of
from auth_api.kit.pagination import PageRequest, invalid_cursor, split_page
from auth_api.kit.request_context import RequestContext
from auth_api.sessions import ended_repository, principal_repository, proofs_repository, repository, rotation_repository
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_tokens import AccessTokenClaims, AccessTokens, IssuedToken
from auth_api.sessions.assurance import SECOND_FACTORS, Method
from auth_api.sessions.errors import SessionNotFoundException, TokenRevokedException
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.opened import OpenedSession, ProvedSession
from auth_api.sessions.policy import KNOWN_NETWORK_PERIOD, SessionPolicy
from auth_api.sessions.principal import EndedSession, GrantedPrincipal, LiveSession, Principal, StoredSession
from auth_api.sessions.principal_loader import PrincipalLoader
from auth_api.sessions.schemas import TokenPair, token_pair_view
from auth_api.users.service import UserService

MAX_BATCH_ROWS: Final = 5000
"""Rows that one statement changes, as a statement has a time limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionService:
    """Checks, lists and ends sessions. `SessionOpening` opens and `RotationService` refreshes them."""

    database: Database
    audit: AuditTrail
    access_tokens: AccessTokens
    principal_loader: PrincipalLoader[Principal]
    granted_loader: PrincipalLoader[GrantedPrincipal]
    users: UserService
    policy: SessionPolicy
    clock: Clock

    def access_token(self, session: OpenedSession | ProvedSession) -> IssuedToken:
        """Return an access token of a session after it was opened, or after a proof. Call it after the commit."""
        return self.access_tokens.issue(session.claims, session_ends_in=session.expires_in)

    def token_pair(self, session: OpenedSession) -> TokenPair:
        """Return the tokens of a session that was just opened, for a response body. Call it after the commit."""
        access_token = self.access_token(session)
        return token_pair_view(access_token, session.secret, refresh_expires_in=session.expires_in)

    async def principal(self, claims: AccessTokenClaims) -> Principal:
        """Return the principal of a verified access token. Not for use within a transaction.

        Raises:
            TokenRevokedException: the session has ended, or the user is disabled or deleted.
        """
        principal = await self.principal_loader.find(claims.sid, claims.user_id)
        if principal is None:
            raise TokenRevokedException
        return principal.limited_to_token(auth_time=claims.auth_time, acr=claims.acr)

    async def granted_principal(self, claims: AccessTokenClaims) -> GrantedPrincipal:
        """Return the principal of a verified access token with the roles of the user, see `principal`.

        Raises:
            TokenRevokedException: the session has ended, or the user is disabled or deleted.
        """
        principal = await self.granted_loader.find(claims.sid, claims.user_id)
        if principal is None:
            raise TokenRevokedException
        return principal.limited_to_token(auth_time=claims.auth_time, acr=claims.acr)

    async def add_proof(self, principal: Principal, method: Method) -> ProvedSession:
        """Record that the user of a session has just proved their identity again.

        Call it inside the flow's transaction that claims the proof and has locked the user's row.

        Raises:
            TokenRevokedException: the session has ended in the meantime.
        """
        proved = await proofs_repository.record_proof(
            principal.session_id, principal.id, method.value, is_second_factor=method in SECOND_FACTORS
        )
        if proved is None:
            raise TokenRevokedException
        return proved

    async def forget_second_factors(self, user_id: int, *, kept_session_id: UUID | None = None) -> None:
        """Take the level of a second factor from the sessions of a user, except the one to keep.

        Call it inside a flow's transaction that has locked the user's row.
        """
        await proofs_repository.forget_second_factors(user_id, kept_session_id=kept_session_id)

    async def present_time(self) -> datetime:
        """Return the time of the database's clock, which dates all proofs of identity."""
        return await principal_repository.present_time()

    async def reload(self, principal: Principal) -> Principal:
        """Return a principal with what its session has proved by now, at most what it had when it was loaded.

        Call it inside a flow's transaction that has locked the user's row.

        Raises:
            TokenRevokedException: the session has ended, or the user is disabled.
        """
        present = await self.principal_loader.reload(principal)
        if present is None:
            raise TokenRevokedException
        return present

    async def reload_granted(self, principal: GrantedPrincipal) -> GrantedPrincipal:
        """Return a principal with its present roles, inside a flow's transaction, see `reload`.

        Raises:
            TokenRevokedException: the session has ended, or the user is disabled.
        """
        present = await self.granted_loader.reload(principal)
        if present is None:
            raise TokenRevokedException
        return present

    async def log_out(self, access_token: str, request_context: RequestContext) -> None:
        """End the session of an access token, whether the token has expired or not. An ended session is ignored.

        Raises:
            TokenInvalidException: the token is not genuine.
        """
        claims = self.access_tokens.verify_ignoring_expiry(access_token)
        await self._end(claims.sid, claims.user_id, request_context.with_actor(user_actor(claims.user_id)))

    async def log_out_by_refresh_token(self, refresh_token: str, request_context: RequestContext) -> None:
        """End the session of a refresh token. An unknown token is ignored (RFC 7009 §2.2)."""
        session = await rotation_repository.session_of_token(digest(refresh_token), transport=transport_of_request())
        if session is not None:
            session_id, user_id = session
            await self._end(session_id, user_id, request_context.with_actor(user_actor(user_id)))

    async def is_known_network(self, user_id: int, client_ip: str | None) -> bool:
        """Return whether the user opened a session from this network in the last 30 days."""
        since = self.clock() - KNOWN_NETWORK_PERIOD
        return await repository.was_opened_from(user_id, network_of(client_ip), since=since)

    async def list_live(self, user_id: int, request: PageRequest) -> tuple[Sequence[LiveSession], str | None]:
        """Return a page of the user's live sessions, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        try:
            after = UUID(request.after) if request.after is not None else None
        except ValueError as error:
            raise invalid_cursor() from error
        rows = await repository.live_sessions(user_id, after=after, limit=request.limit + 1)
        return split_page(rows, request, lambda session: session.id)

    async def list_stored(self, user_id: int, limit: int) -> tuple[Sequence[StoredSession], int]:
        """Return the newest sessions of the user in any state, and the number of older ones."""
        sessions, count = await repository.stored_sessions(user_id, limit=limit)
        return sessions, count - len(sessions)

    async def newest_ended(self, *, since: datetime, limit: int) -> list[EndedSession]:
        """Return the sessions of all users that were ended at or after a time, newest first."""
        return await ended_repository.newest_ended(since=since, limit=limit)

    async def end_one(self, session_id: UUID, user_id: int, request_context: RequestContext) -> None:
        """End one session of the user.

        Raises:
            SessionNotFoundException: the user has no live session with this id.
        """
        if not await self._end(session_id, user_id, request_context):
            raise SessionNotFoundException

    async def end(self, session_id: UUID, user_id: int, *, reason: AccessEvent) -> bool:
        """End one session of a user, inside a flow's transaction. Return False if it is not a live one of the user."""
        return await repository.end_session(session_id, user_id, reason=reason)

    async def end_all(self, user_id: int, *, reason: AccessEvent, kept_session_id: UUID | None = None) -> int:
        """End all sessions of a user except the one to keep. Return their number.

        Call it inside a flow's transaction that has locked the user's row.
        """
        return await repository.end_sessions(user_id, reason=reason, kept_session_id=kept_session_id)

    async def identity_of(self, session_id: UUID) -> int | None:
        """Return the identity that opened a session, also for the sessions that continue it; None if none did."""
        return await proofs_repository.identity_of(session_id)

    async def end_of_identity(
        self, identity_id: int, user_id: int, *, reason: AccessEvent, kept_session_id: UUID | None
    ) -> None:
        """End the sessions of a user that an identity has opened, inside a flow's transaction, see `end_all`."""
        await ended_repository.end_of_identity(identity_id, user_id, reason=reason, kept_session_id=kept_session_id)

    async def end_all_of_all_users(self, *, reason: AccessEvent) -> int:
        """End every session, inside a flow's transaction. Return their number."""
        count = 0
        if self.database.supports_table_locks:
            await self.users.lock_all()
        while ended := await repository.end_some_sessions(MAX_BATCH_ROWS, reason=reason):
            count += sum(ended)
        while await repository.revoke_some_tokens(MAX_BATCH_ROWS):
            pass
        return count

    async def _end(self, session_id: UUID, user_id: int, request_context: RequestContext) -> bool:
        async def work() -> bool:
            ended = await repository.end_session(session_id, user_id, reason=AccessEvent.LOGGED_OUT)
            if ended:
                await self.audit.record(
                    SessionEvent.SESSION_LOGGED_OUT,
                    user_id=user_id,
                    request_context=request_context,
                    resource=f"session:{session_id}",
                )
            return ended

        return await self.database.transaction(work)
