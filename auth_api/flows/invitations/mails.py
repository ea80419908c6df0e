"""The mail that invites a person."""

from pathlib import Path
from typing import Final

from auth_api.events.audit.actors import owner_of
from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.flows.invitations.links import assign_token
from auth_api.kit.crypto.tokens import INVITATION_TOKEN

NAME: Final = "invitation"


async def draft_invitation(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to the invited address, unless the invitation has ended or has a later mail.

    The name of the inviter is left out if mail programs would make a link of it.
    """
    candidates = services.derive_tokens(item, NAME, INVITATION_TOKEN)
    assigned = await assign_token(item.parameters["invitation_id"], candidates, mail=item.parameters["mail"])
    if assigned is None:
        return None
    invitation, token = assigned
    inviter_id = owner_of(invitation.invited_by)
    inviter = await services.email_ownership.find(inviter_id) if inviter_id is not None else None
    return Draft(
        recipient=invitation.email,
        username=None,
        is_verified=False,
        locale=invitation.locale,
        token=token,
        parameters={
            "inviter": inviter.username if inviter is not None and "." not in inviter.username else None,
            "expires_at": invitation.expires_at,
        },
    )


INVITATION: Final = MailKind(
    name=NAME,
    templates=Path(__file__).parent / "templates",
    draft=draft_invitation,
    path="/account/invitation",
    is_limited=False,
)
"""Not limited here: the flow counts the mails, and tells the inviter about its limit."""

MAIL_KINDS: Final = (INVITATION,)
