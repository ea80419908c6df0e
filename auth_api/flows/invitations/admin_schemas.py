"""Requests and responses of the administration of invitations."""

from datetime import timedelta
from typing import Annotated, Any, Final

import msgspec

from auth_api.flows.invitations.invitation import Invitation, InvitationStatus
from auth_api.flows.invitations.service import NewInvitation
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.roles.role import MAX_ROLES_PER_USER
from auth_api.users.profile import Locale
from auth_api.users.schemas import EmailField, Timestamp

MAX_HOURS: Final = 720
DEFAULT_HOURS: Final = 72

EXAMPLE_NEW_INVITATION: Final[dict[str, Any]] = {"email": "grace@example.com", "roles": ["support"]}
EXAMPLE_INVITATION: Final[dict[str, Any]] = {
    "id": 12,
    "email": "grace@example.com",
    "roles": ["support"],
    "status": "pending",
    "invited_by": "user:7",
    "created_at": "2026-02-19T10:30:45.123Z",
    "expires_at": "2026-02-22T10:30:45.123Z",
    "accepted_at": None,
}

StatusField = Annotated[
    str,
    msgspec.Meta(
        description="Only a pending invitation can be accepted.",
        extra_json_schema={"extra": {"enum": [status.value for status in InvitationStatus]}},
    ),
]


class InvitationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Invite a person by mail, in the language of `locale` or, without it, in that of this request."""

    email: EmailField
    roles: Annotated[
        list[str], msgspec.Meta(max_length=MAX_ROLES_PER_USER, description="Names of the roles that the account gets.")
    ] = []
    expires_in_hours: Annotated[int, msgspec.Meta(ge=1, le=MAX_HOURS)] = DEFAULT_HOURS
    locale: Locale | None = None

    @property
    def wanted(self) -> NewInvitation:
        """The invitation to create."""
        return NewInvitation(
            email=self.email, roles=self.roles, lifetime=timedelta(hours=self.expires_in_hours), locale=self.locale
        )


class RepeatedInvitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send an invitation again. The object has no members."""


class InvitationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, without the token."""

    id: int
    email: str
    roles: list[str]
    status: StatusField
    invited_by: Annotated[str, msgspec.Meta(description="`user:7`, `service:3`, or `cli` for the command line.")]
    created_at: Timestamp
    expires_at: Timestamp
    accepted_at: Timestamp | None


class InvitationList(msgspec.Struct, frozen=True, kw_only=True):
    """Invitations, newest first."""

    items: list[InvitationResponse]
    next_cursor: str | None


def invitation_view(invitation: Invitation) -> InvitationResponse:
    """Return an invitation in its wire format."""
    return InvitationResponse(
        id=invitation.id,
        email=invitation.email,
        roles=list(invitation.roles),
        status=invitation.status,
        invited_by=invitation.invited_by,
        created_at=rfc3339(invitation.created_at),
        expires_at=rfc3339(invitation.expires_at),
        accepted_at=optional_rfc3339(invitation.accepted_at),
    )
