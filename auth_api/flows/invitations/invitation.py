"""An invitation as services pass it on."""

from datetime import datetime
from enum import StrEnum

import msgspec

from auth_api.users.identifiers import CanonicalEmail


class InvitationStatus(StrEnum):
    """The state of an invitation. Only a pending one can be accepted, revoked or sent again."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation.

    Attributes:
        roles: the names of the roles that the account gets, sorted. A role may have been deleted in the meantime.
        locale: language of the mail; None for that of the inviter's request.
        invited_by: who invited, as `events/audit/actors.py` names it.
        token_hash: the digest of the token in the last mail; None until that mail is sent.
        mails: number of mails so far.
        is_expired: whether `expires_at` had passed when the row was read.
    """

    id: int
    email: CanonicalEmail
    roles: tuple[str, ...]
    locale: str | None
    invited_by: str
    token_hash: str | None
    mails: int
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    accepted_by: int | None
    revoked_at: datetime | None
    is_expired: bool

    @property
    def status(self) -> InvitationStatus:
        """The state, when the row was read."""
        if self.accepted_at is not None:
            return InvitationStatus.ACCEPTED
        if self.revoked_at is not None:
            return InvitationStatus.REVOKED
        return InvitationStatus.EXPIRED if self.is_expired else InvitationStatus.PENDING

    @property
    def resource(self) -> str:
        """The invitation as the security history names it."""
        return f"invitation:{self.id}"
