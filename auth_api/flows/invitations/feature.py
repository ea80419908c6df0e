"""Manifest of invitations."""

from typing import Final

from auth_api.ended_access import EndedAccess, RevocationStep
from auth_api.flows.invitations import repository
from auth_api.flows.invitations.mails import MAIL_KINDS
from auth_api.flows.invitations.retention import RETENTION_RULES
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.manifest import Core, Manifest, Revocation
from auth_api.sessions.access_events import AccessEvent


async def end_access(_core: Core, access: EndedAccess) -> int:
    """Delete the invitations to the address of a user who is deleted."""
    if access.event is AccessEvent.ACCOUNT_DELETED:
        await repository.delete_received(access.user_id)
    return 0


MANIFEST: Final = Manifest(
    tables=(InvitationRow,),
    mails=MAIL_KINDS,
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.INVITATIONS, tables=(InvitationRow,), end=end_access),
)
