"""The authenticated caller of a request, and sessions as services pass them on."""

from datetime import datetime
from uuid import UUID

import msgspec

from auth_api.events.audit.actors import user_actor
from auth_api.users.user import User


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The user and the session that an access token belongs to.

    Attributes:
        user: the user.
        session_id: the session.
        auth_time: the time of the last proof of identity, by the database's clock.
        amr: the methods of the proofs (RFC 8176), in the order of their last use.
        mfa_at: the time of the last proof by a second factor; None if there was none.
    """

    user: User
    session_id: UUID
    auth_time: datetime
    amr: tuple[str, ...]
    mfa_at: datetime | None = None

    @property
    def id(self) -> int:
        """The id of the user."""
        return self.user.id

    @property
    def actor(self) -> str:
        """The actor of requests with this access token."""
        return user_actor(self.user.id)


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has neither ended nor expired."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip_address: str | None
    user_agent: str | None


class StoredSession(LiveSession, frozen=True, kw_only=True):
    """A session in any state."""

    absolute_expires_at: datetime
    ended_at: datetime | None
    ended_reason: str | None
    amr: str
    auth_time: datetime
    mfa_at: datetime | None
