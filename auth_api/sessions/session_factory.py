"""What a session begins with: its id, how long it lasts, and its first pair of tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from auth_api.kit.crypto.tokens import OpaqueToken, new_token
from auth_api.kit.uuid7 import uuid7
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.policy import SessionPolicy
from auth_api.sessions.schemas import TokenPair

REFRESH_PREFIX: Final = "rt_"

PASSWORD: Final = "pwd"  # noqa: S105 - RFC 8176: proved by a password

KNOWN_NETWORK: Final = timedelta(days=30)
"""How long after a login its network counts as the owner's."""


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session before it is kept.

    Attributes:
        id: a UUIDv7, so that sessions sort by when they began.
        refresh_token: its first.
        idle_ttl: it ends that long after it began, unless it is refreshed.
        absolute_ttl: and at the latest that long after.
        most: so many live at once with this one.
    """

    id: UUID
    refresh_token: OpaqueToken
    idle_ttl: timedelta
    absolute_ttl: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class SessionFactory:
    """Makes what a session begins with; to keep it is the caller's."""

    access_tokens: AccessTokens
    policy: SessionPolicy

    def new_session(self, at: datetime) -> NewSession:
        """Draw what is random about a session that begins now, on the database's clock."""
        policy = self.policy
        return NewSession(
            id=uuid7(at),
            refresh_token=new_token(REFRESH_PREFIX),
            idle_ttl=min(policy.idle_ttl, policy.absolute_ttl),
            absolute_ttl=policy.absolute_ttl,
            most=policy.per_account,
        )

    def issue_tokens(self, session: NewSession, user_id: int) -> TokenPair:
        """Return the tokens of a session that was kept."""
        access_token = self.access_tokens.issue(
            user_id=user_id, session_id=session.id, session_ends_in=session.idle_ttl
        )
        return TokenPair(
            access_token=access_token.raw,
            refresh_token=session.refresh_token.raw,
            token_type="Bearer",  # noqa: S106 - RFC 6749 §7.1
            expires_in=access_token.expires_in,
            refresh_expires_in=int(session.idle_ttl.total_seconds()),
        )
