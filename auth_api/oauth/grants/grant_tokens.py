"""Makes grants, and exchanges their refresh tokens.

An online grant ends with the session in which it was made. An offline grant ends some time after its last refresh, and
at the latest a fixed time after it was made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loguru import logger

from auth_api.kit.clock import monotonic
from auth_api.kit.crypto.tokens import SuccessorDerivation, digest, new_salt
from auth_api.kit.errors import ServerOverloadedException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.grants import repository
from auth_api.oauth.grants.grant import Grant, GrantEnd, NewGrant
from auth_api.oauth.grants.refresh_tokens import handle_digest, new_refresh_token, successors
from auth_api.oauth.grants.service import Grants
from auth_api.sessions.browser_sessions import BrowserSessions

MAX_ROTATION_ATTEMPTS: Final = 3
"""Reads of the grant per refresh, as other requests may replace the token between reading and writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTokens:
    """Grants and their refresh tokens.

    Attributes:
        grants: finds and ends grants.
        browser_sessions: extends the session of an online grant.
        derivation: derives successors of refresh tokens.
        idle_time: after its last refresh, an offline grant ends.
        longest_time: after it was made, an offline grant ends.
        refresh_grace: for how long a used refresh token returns its successor again.
    """

    grants: Grants
    browser_sessions: BrowserSessions
    derivation: SuccessorDerivation
    idle_time: timedelta
    longest_time: timedelta
    refresh_grace: timedelta

    async def insert(self, new: NewGrant) -> str | None:
        """Add a grant, inside the transaction that claims the code. Return its refresh token if it has one.

        `Grants.find` then tells whether it is live.
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

    async def refresh(self, raw: str, grant: Grant, request_context: RequestContext, *, is_rotated: bool) -> str | None:
        """Return the refresh token that is valid from now on.

        A used token yields its successor again for a short time, in case the response was lost. Any other token of the
        grant was copied, so it ends the grant (RFC 9700 §4.14.2).

        Args:
            raw: the refresh token of the request.
            grant: the grant that `Grants.find_by_refresh_token` returned for it.
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
                await self.grants.end(grant.id, request_context, reason=GrantEnd.TOKEN_REUSED, warns=not is_late_retry)
                return None
            if token is not None:
                await self._extend_session(present)
                return token
            found = await repository.find(grant.id)
            if found is None:
                return None
            present = found
        raise ServerOverloadedException

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
