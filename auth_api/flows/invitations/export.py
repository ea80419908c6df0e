"""What the export of a user's data contains about invitations."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.events.audit.actors import user_actor
from auth_api.flows.invitations import repository
from auth_api.flows.invitations.invitation import Invitation
from auth_api.flows.invitations.invitation_filter import InvitationFilter
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.kit.ids import MAX_ID
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.schemas import Timestamp
from auth_api.users.user import User

_EXAMPLE: Final[dict[str, Any]] = {
    "email": "grace@example.com",
    "roles": ["support"],
    "status": "pending",
    "created_at": "2026-02-19T10:30:45.123Z",
    "expires_at": "2026-02-22T10:30:45.123Z",
    "accepted_at": None,
}

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "invitations_sent": [_EXAMPLE],
    "invitations_received": [{**_EXAMPLE, "email": "ada@example.com"}],
}


class ExportedInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, without the token."""

    email: str
    roles: list[str]
    status: str
    created_at: Timestamp
    expires_at: Timestamp
    accepted_at: Timestamp | None


class InvitationsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The invitations that the user has sent, and those to the e-mail address of the user."""

    invitations_sent: Annotated[list[ExportedInvitation], msgspec.Meta(description="Invitations of others.")]
    invitations_received: Annotated[
        list[ExportedInvitation], msgspec.Meta(description="Invitations to the e-mail address.")
    ]


async def export_invitations(user: User, limit: int) -> InvitationsExport:
    """Return the invitations of a user, newest first."""
    sent = await repository.sent_by(user_actor(user.id), limit=limit)
    to_address = InvitationFilter(email=CanonicalEmail(user.email))
    received = await repository.newest(to_address, before=MAX_ID, limit=limit)
    return InvitationsExport(
        invitations_sent=[_exported(each) for each in sent], invitations_received=[_exported(each) for each in received]
    )


def _exported(invitation: Invitation) -> ExportedInvitation:
    return ExportedInvitation(
        email=invitation.email,
        roles=list(invitation.roles),
        status=invitation.status,
        created_at=rfc3339(invitation.created_at),
        expires_at=rfc3339(invitation.expires_at),
        accepted_at=optional_rfc3339(invitation.accepted_at),
    )
