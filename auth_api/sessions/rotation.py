"""Refresh token rotation: each token works once, and a lost response can be requested again (RFC 9700 §4.14).

The request that claims a token stores the digest and the salt of its successor. For a short time the used token yields
the same successor again, as it is derived from the token and the salt: there are never two successors.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loguru import logger

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import monotonic
from auth_api.kit.cookie_mode import COOKIE_MODE, transport_of_request
from auth_api.kit.crypto.tokens import REFRESH_TOKEN, OpaqueToken, SuccessorDerivation, digest, new_salt
from auth_api.kit.db.database import Database
from auth_api.kit.errors import AuthException, ServerOverloadedException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions import repository, rotation_repository
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.errors import (
    RefreshTokenReusedException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.mails import TOKEN_REUSED
from auth_api.sessions.metrics import COOKIE_REFRESHES, OUTCOMES_BY_ERROR, count_refresh
from auth_api.sessions.policy import SessionPolicy
from auth_api.sessions.rotation_repository import ExtendedSession, StoredToken
from auth_api.sessions.schemas import TokenPair, token_pair_view

MAX_CLAIM_ATTEMPTS: Final = 3
"""Claims per request, for the rare case that another request claimed the token and was then rolled back."""

COOKIE_TOKEN_KEPT_SECONDS: Final = 300
"""Age up to which cookie mode keeps an unused token. A late `Set-Cookie` then restores no token that was used long ago.

More than the default of `REFRESH_GRACE_SECONDS` and the longest request together.
"""


class _NotClaimedError(Exception):
    """Another request claimed the token after this one had extended the session. Rolls the attempt back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationService:
    """Exchanges refresh tokens for new token pairs."""

    database: Database
    audit: AuditTrail
    outbox: Outbox
    access_tokens: AccessTokens
    policy: SessionPolicy
    derivation: SuccessorDerivation

    async def refresh(self, refresh_token: str, request_context: RequestContext) -> TokenPair:
        """Return the successor of a refresh token with a new access token.

        Raises:
            TokenInvalidException: the token is unknown, or belongs to a session with another transport.
            TokenRevokedException: the session has ended, or the user is disabled or deleted.
            TokenExpiredException: the token or its session has expired.
            RefreshTokenReusedException: the token was used before. Raised once, as it ends the session.
            ServerOverloadedException: the token is claimed by another request, or by an instance with another secret.
        """
        try:
            return await self._next_pair(refresh_token, request_context)
        except AuthException as error:
            count_refresh(OUTCOMES_BY_ERROR[type(error)])
            raise

    async def _next_pair(self, refresh_token: str, request_context: RequestContext) -> TokenPair:
        if not refresh_token.startswith(REFRESH_TOKEN.prefix):
            raise TokenInvalidException
        if COOKIE_MODE.get() is not None and (kept := await self._kept_token(refresh_token)) is not None:
            return kept
        began = monotonic()
        for _ in range(MAX_CLAIM_ATTEMPTS):
            salt = new_salt()
            successor = self.derivation.successor(refresh_token, salt)
            if (session := await self._rotate(digest(refresh_token), successor, salt)) is not None:
                logger.bind(event="session:refreshed", user_id=session.claims.user_id).info("refreshed")
                count_refresh("rotated")
                return self._pair(session, successor, ends_at=session.expires_at)
            stored = self._require_live(await rotation_repository.find_token(digest(refresh_token)))
            if stored.used_at is not None:
                return await self._repeat(
                    refresh_token, stored, request_context, waited=timedelta(seconds=monotonic() - began)
                )
        raise ServerOverloadedException

    async def _kept_token(self, refresh_token: str) -> TokenPair | None:
        """Return a new access token and change nothing if the refresh token is unused and young.

        So the tabs of a browser do not log each other out, in whichever order the browser gets their cookies.
        """
        stored = self._require_live(await rotation_repository.find_token(digest(refresh_token)))
        if stored.used_at is not None or stored.now - stored.created_at >= timedelta(seconds=COOKIE_TOKEN_KEPT_SECONDS):
            return None
        COOKIE_REFRESHES["kept"].inc()
        return self._pair(
            ExtendedSession(stored.claims, stored.now, stored.session_expires_at), None, ends_at=stored.expires_at
        )

    async def _rotate(self, token_hash: str, successor: OpaqueToken, salt: str) -> ExtendedSession | None:
        """Claim the token and store its successor. Return None and change nothing if it cannot be claimed."""
        idle_seconds, transport = self.policy.idle_ttl.total_seconds(), transport_of_request()
        if self.database.supports_writable_ctes:
            return await self.database.statement(
                lambda: rotation_repository.rotate(
                    token_hash,
                    transport=transport,
                    successor_hash=successor.digest,
                    successor_salt=salt,
                    idle_seconds=idle_seconds,
                )
            )

        async def work() -> ExtendedSession | None:
            session = await rotation_repository.extend_session(
                token_hash, transport=transport, idle_seconds=idle_seconds
            )
            if session is None:
                return None
            if not await rotation_repository.claim_token(
                token_hash, successor_hash=successor.digest, successor_salt=salt
            ):
                raise _NotClaimedError
            await repository.insert_token(
                successor.digest,
                user_id=session.claims.user_id,
                session_id=session.claims.session_id,
                at=session.now,
                expires_at=session.expires_at,
            )
            return session

        try:
            return await self.database.transaction(work)
        except _NotClaimedError:
            return None

    def _require_live(self, token: StoredToken | None) -> StoredToken:
        """Raise unless the token and its session are live: a retry cannot succeed otherwise.

        A token that expires after its use can still be retried within the grace: the session lives on.
        """
        if token is None or token.transport != transport_of_request():
            raise TokenInvalidException
        if not token.session_is_live:
            raise TokenRevokedException
        is_retry = token.successor_is_unused and token.is_used_within(self.policy.refresh_grace)
        if token.now >= token.session_expires_at or (token.now >= token.expires_at and not is_retry):
            raise TokenExpiredException
        return token

    async def _repeat(
        self, refresh_token: str, stored: StoredToken, request_context: RequestContext, *, waited: timedelta
    ) -> TokenPair:
        """Return the successor again to a retry or a concurrent request. A later use counts as theft."""
        # A request that was already waiting when the token was claimed is concurrent, however short the grace is.
        grace = max(self.policy.refresh_grace, waited)
        if not (stored.successor_is_unused and stored.is_used_within(grace)):
            await self._end_for_reuse(stored, request_context)
        for successor in self.derivation.candidates(refresh_token, stored.successor_salt or ""):
            if successor.digest == stored.successor_hash and stored.successor_expires_at is not None:
                session = ExtendedSession(stored.claims, stored.now, stored.session_expires_at)
                count_refresh("repeated")
                return self._pair(session, successor, ends_at=stored.successor_expires_at)
        # Another instance rotated the token with a secret that this one does not have (yet). This is not a theft.
        logger.bind(event="refresh:refused", user_id=stored.claims.user_id).warning(
            "a refresh token was rotated with an unknown TOKEN_DERIVATION_KEY"
        )
        raise ServerOverloadedException

    async def _end_for_reuse(self, stored: StoredToken, request_context: RequestContext) -> None:
        user_id, session_id = stored.claims.user_id, stored.claims.session_id

        async def work() -> bool:
            ended = await repository.end_session(session_id, user_id, reason=AccessEvent.REFRESH_TOKEN_REUSED)
            if ended:
                await self.audit.record(
                    SessionEvent.REFRESH_TOKEN_REUSED,
                    user_id=user_id,
                    request_context=request_context,
                    resource=f"session:{session_id}",
                    successor_used=not stored.successor_is_unused,
                )
                if not stored.successor_is_unused:  # otherwise the response was probably lost
                    await self.outbox.to_user(TOKEN_REUSED, user_id, request_context)
            return ended

        # Raised after the transaction: the exception must not roll the revocation back.
        if await self.database.transaction(work):
            raise RefreshTokenReusedException
        raise TokenRevokedException

    def _pair(self, session: ExtendedSession, refresh_token: OpaqueToken | None, *, ends_at: datetime) -> TokenPair:
        access_token = self.access_tokens.issue(session.claims, session_ends_in=session.expires_at - session.now)
        return token_pair_view(access_token, refresh_token, refresh_expires_in=ends_at - session.now)
