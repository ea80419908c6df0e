"""The authenticated caller of a request, and sessions as services pass them on."""

from datetime import UTC, datetime
from typing import Self
from uuid import UUID

import msgspec

from auth_api.events.audit.actors import user_actor
from auth_api.roles.granted import Granted
from auth_api.sessions.assurance import Level, assurance_level, below_passkeys
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

    def limited_to_token(self, *, auth_time: int | None, acr: str | None) -> Self:
        """Return the principal without proofs of identity that came after its access token was issued.

        The token states whole seconds: of two proofs within a second, the later time counts, and the lower level.

        Args:
            auth_time: the claim of the token, in seconds since the epoch; None in tokens of earlier versions.
            acr: like `auth_time`. A level that this version does not know counts as the lowest.
        """
        level = Level.PHR if acr is None else next((level for level in Level if level == acr), Level.AAL1)
        if auth_time is None or auth_time >= int(self.auth_time.timestamp()):
            return self._limited_to(level, self.auth_time)
        return self._limited_to(level, datetime.fromtimestamp(auth_time, UTC))

    def limited_to_earlier(self, earlier: Self) -> Self:
        """Return the principal without proofs of identity that came after it was loaded before."""
        level = assurance_level(earlier.amr, earlier.mfa_at, earlier.auth_time, max_age=None)
        return self._limited_to(level, earlier.auth_time)

    def _limited_to(self, level: Level, proved_at: datetime) -> Self:
        """Return the principal with at most this level, and with proofs of at most this time.

        A token gains nothing from a later proof in its session (RFC 9470 §4), and keeps what it had before that.
        """
        auth_time = min(self.auth_time, proved_at)
        if level is Level.AAL1 or self.mfa_at is None:
            return msgspec.structs.replace(self, auth_time=auth_time, mfa_at=None)
        amr = self.amr if level is Level.PHR else below_passkeys(self.amr)
        return msgspec.structs.replace(self, auth_time=auth_time, amr=amr, mfa_at=min(self.mfa_at, proved_at))


class GrantedPrincipal(Principal, frozen=True, kw_only=True):
    """A principal with the roles of its user.

    Attributes:
        granted: the roles.
        now: the time at which all of it was read, by the database's clock.
    """

    granted: Granted
    now: datetime


class EndedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was ended before it expired, and when."""

    id: UUID
    ended_at: datetime


class SessionDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Which device a session belongs to, and its times."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip_address: str | None
    user_agent: str | None


class LiveSession(SessionDevice, frozen=True, kw_only=True):
    """A session that has neither ended nor expired.

    Attributes:
        amr: the methods by which the user proved their identity, as they are stored: separated by spaces.
        mfa_at: the time of the last proof by a second factor; None if there was none.
        now: the time at which the row was read, by the database's clock.
    """

    amr: str
    mfa_at: datetime | None
    now: datetime


class StoredSession(SessionDevice, frozen=True, kw_only=True):
    """A session in any state."""

    absolute_expires_at: datetime
    ended_at: datetime | None
    ended_reason: str | None
    amr: str
    auth_time: datetime
    mfa_at: datetime | None
