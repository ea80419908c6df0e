"""The links of invitations: each mail has a new one, which replaces that of the mail before."""

from collections.abc import Sequence

from auth_api.flows.invitations import repository
from auth_api.flows.invitations.invitation import Invitation, InvitationStatus
from auth_api.kit.crypto.tokens import OpaqueToken


async def assign_token(
    invitation_id: int, candidates: Sequence[OpaqueToken], *, mail: int
) -> tuple[Invitation, str] | None:
    """Return an invitation and the token in one of its mails, which is the same at each attempt to send the mail.

    Args:
        invitation_id: the invitation.
        candidates: the token that each derivation secret derives, newest secret first.
        mail: the number of the mail.

    Returns:
        None if the invitation is not pending or has a later mail: then this mail is not needed any longer.
    """
    invitation = await repository.find(invitation_id)
    if invitation is None or invitation.status is not InvitationStatus.PENDING:
        return None
    token = next((each for each in candidates if each.digest == invitation.token_hash), candidates[0])
    is_assigned = await repository.set_token(invitation.id, token.digest, mail=mail)
    return (invitation, token.raw) if is_assigned else None
