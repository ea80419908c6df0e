"""Who asks, and the sessions they have."""

from datetime import datetime
from uuid import UUID

import msgspec

from auth_api.users.user import User


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An account behind a live session."""

    user: User
    session_id: UUID
    auth_time: datetime

    @property
    def id(self) -> int:
        """The account's id."""
        return self.user.id


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its owner sees it in a list."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip_address: str | None
    user_agent: str | None


class KeptSession(LiveSession, frozen=True, kw_only=True):
    """A session as its owner gets it exported, over or not."""

    absolute_expires_at: datetime
    ended_at: datetime | None
    ended_reason: str | None
