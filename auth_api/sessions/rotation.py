"""Refresh tokens: each works once, and a lost answer can be asked for again (RFC 9700 §4.14).

The winner of a claim stores the digest and the salt of the successor, which anybody who holds the spent token can be
given again for a short while: the successor is derived from it, so there are never two.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import monotonic
from auth_api.kit.crypto.tokens import OpaqueToken, SuccessorDerivation, digest, new_salt
from auth_api.kit.db.database import Database
from auth_api.kit.errors import AuthException, ServerOverloadedException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions import repository, rotation_repository
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.errors import (
    RefreshTokenReusedException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
from auth_api.sessions.mails import TOKEN_REUSED
from auth_api.sessions.metrics import REFRESHES, REFUSED
from auth_api.sessions.policy import REFRESH_TOKEN_PREFIX, SessionPolicy
from auth_api.sessions.rotation_repository import ExtendedSession, SpentToken
from auth_api.sessions.schemas import TokenPair, token_pair_view

REUSED = "refresh_token_reused"

ATTEMPTS = 3
"""Claims of one request, for the rare case that another one claimed the token and was then rolled back."""


class _NotClaimedError(Exception):
    """Rolls the attempt back: the session was extended, but somebody else claimed the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationService:
    """Turns a refresh token into the next pair."""

    database: Database
    audit: AuditTrail
    outbox: Outbox
    access_tokens: AccessTokens
    policy: SessionPolicy
    derivation: SuccessorDerivation

    async def refresh(self, raw: str, request_context: RequestContext) -> TokenPair:
        """Return the successor of a refresh token with a new access token.

        Raises:
            TokenInvalidException: unknown.
            TokenRevokedException: its session ended, or its account is disabled or gone.
            TokenExpiredException: it or its session is past its end.
            RefreshTokenReusedException: it was spent before; told once, as its session ends by it.
        """
        try:
            return await self._next_pair(raw, request_context)
        except AuthException as error:
            REFRESHES[REFUSED[type(error)]].inc()
            raise

    async def _next_pair(self, raw: str, request_context: RequestContext) -> TokenPair:
        if not raw.startswith(REFRESH_TOKEN_PREFIX):
            raise TokenInvalidException
        began = monotonic()
        for _ in range(ATTEMPTS):
            salt = new_salt()
            successor = self.derivation.successor(raw, salt)
            if (session := await self._rotate(digest(raw), successor, salt)) is not None:
                logger.bind(event="session:refreshed", user_id=session.user_id).info("refreshed")
                REFRESHES["rotated"].inc()
                return self._pair(session, successor, ends_at=session.expires_at)
            spent = self._usable(await rotation_repository.find_spent_token(digest(raw)))
            if spent.used_at is not None:
                return await self._answer_again(
                    raw, spent, request_context, waited=timedelta(seconds=monotonic() - began)
                )
        raise ServerOverloadedException

    async def _rotate(self, token_hash: str, successor: OpaqueToken, salt: str) -> ExtendedSession | None:
        """Claim the token and store its successor. None if nothing could be claimed; then nothing has changed."""
        idle_seconds = self.policy.idle_ttl.total_seconds()
        if self.database.changes_several_tables:
            return await self.database.statement(
                lambda: rotation_repository.rotate(
                    token_hash, successor_hash=successor.digest, successor_salt=salt, idle_seconds=idle_seconds
                )
            )

        async def work() -> ExtendedSession | None:
            session = await rotation_repository.extend_session(token_hash, idle_seconds=idle_seconds)
            if session is None:
                return None
            if not await rotation_repository.claim_token(
                token_hash, successor_hash=successor.digest, successor_salt=salt
            ):
                raise _NotClaimedError
            await repository.insert_token(
                successor.digest,
                user_id=session.user_id,
                session_id=session.id,
                at=session.now,
                expires_at=session.expires_at,
            )
            return session

        try:
            return await self.database.transaction(work)
        except _NotClaimedError:
            return None

    @staticmethod
    def _usable(token: SpentToken | None) -> SpentToken:
        """Refuse what no retry can help."""
        if token is None:
            raise TokenInvalidException
        if not token.session_is_live:
            raise TokenRevokedException
        if token.now >= min(token.expires_at, token.session_expires_at):
            raise TokenExpiredException
        return token

    async def _answer_again(
        self, raw: str, spent: SpentToken, request_context: RequestContext, *, waited: timedelta
    ) -> TokenPair:
        """Give the successor again to a retry or to the loser of a race; take anything later for theft."""
        # Who was already waiting when the token was claimed lost a race, however short the grace is.
        grace = max(self.policy.refresh_grace, waited)
        if spent.used_at is None or spent.now - spent.used_at > grace or not spent.successor_is_unused:
            await self._end_for_reuse(spent, request_context)
        for successor in self.derivation.candidates(raw, spent.successor_salt or ""):
            if successor.digest == spent.successor_hash and spent.successor_expires_at is not None:
                session = ExtendedSession(spent.session_id, spent.user_id, spent.now, spent.session_expires_at)
                REFRESHES["repeated"].inc()
                return self._pair(session, successor, ends_at=spent.successor_expires_at)
        # Another instance rotated with a key that this one does not have (yet): no theft, and no successor from here.
        logger.warning("a refresh token was rotated with an unknown TOKEN_DERIVATION_KEY")
        raise ServerOverloadedException

    async def _end_for_reuse(self, spent: SpentToken, request_context: RequestContext) -> None:
        async def work() -> bool:
            ended = await repository.end_session(spent.session_id, spent.user_id, reason=REUSED)
            if ended:
                await self.audit.record(
                    EventTag.REFRESH_TOKEN_REUSED,
                    user_id=spent.user_id,
                    request_context=request_context,
                    resource=f"session:{spent.session_id}",
                    successor_used=not spent.successor_is_unused,
                )
                if not spent.successor_is_unused:  # else it was most likely a lost answer
                    await self.outbox.to_user(TOKEN_REUSED, spent.user_id, request_context)
            return ended

        # Decided inside, raised outside: the exception must not roll the revocation back.
        if await self.database.transaction(work):
            raise RefreshTokenReusedException
        raise TokenRevokedException

    def _pair(self, session: ExtendedSession, refresh_token: OpaqueToken, *, ends_at: datetime) -> TokenPair:
        access_token = self.access_tokens.issue(
            user_id=session.user_id, session_id=session.id, session_ends_in=session.expires_at - session.now
        )
        return token_pair_view(access_token, refresh_token, refresh_expires_in=ends_at - session.now)
