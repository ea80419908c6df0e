"""Manifest of invitations."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.flows.invitations import repository
from auth_api.flows.invitations.acceptance import InvitationAcceptance
from auth_api.flows.invitations.admin_controllers import (
    InvitationMailController,
    NoInvitationMailController,
)
from auth_api.flows.invitations.commands import invitations
from auth_api.flows.invitations.controllers import InvitationController
from auth_api.flows.invitations.errors import AccountExistsException, InvitationNotFoundException
from auth_api.flows.invitations.events import InvitationEvent
from auth_api.flows.invitations.export import EXAMPLE_EXPORT, InvitationsExport, export_invitations
from auth_api.flows.invitations.invited_accounts import InvitedAccounts
from auth_api.flows.invitations.inviters import Inviters
from auth_api.flows.invitations.mails import MAIL_KINDS
from auth_api.flows.invitations.retention import RETENTION_RULES
from auth_api.flows.invitations.service import InvitationService
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.sessions.access_events import AccessEvent
from auth_api.settings import Settings


async def end_access(_core: Core, access: EndedAccess) -> int:
    """Delete the invitations to the address of a user who is deleted."""
    if access.event is AccessEvent.ACCOUNT_DELETED:
        await repository.delete_received(access.user_id)
    return 0


def build(core: Core, _settings: Settings) -> Feature:
    """Connect invitations to the core."""
    inviters = Inviters(email_ownership=core.email_ownership, roles=core.roles, api_keys=core.api_keys)
    accounts = InvitedAccounts(
        users=core.users,
        email_ownership=core.email_ownership,
        roles=core.roles,
        inviters=inviters,
        audit=core.audit,
        access_revocation=core.access_revocation,
    )
    acceptance = InvitationAcceptance(
        database=core.database,
        email_ownership=core.email_ownership,
        roles=core.roles,
        inviters=inviters,
        accounts=accounts,
        sign_in=core.sign_in,
        audit=core.audit,
        hasher=core.hasher,
        password_rules=core.password_rules,
    )
    service = InvitationService(
        database=core.database,
        roles=core.roles,
        outbox=core.outbox,
        limits=core.outbox.limits,
        audit=core.audit,
    )
    return Feature(
        controllers=(InvitationMailController, InvitationController)
        if core.outbox.is_on
        else (NoInvitationMailController,),
        dependencies={"acceptance": acceptance, "invitations": service},
    )


MANIFEST: Final = Manifest(
    tables=(InvitationRow,),
    errors=(AccountExistsException, InvitationNotFoundException),
    events=tuple(InvitationEvent),
    mails=MAIL_KINDS,
    tags={"Invitations": "Invite people by mail, for those who have a role or a key with the permission."},
    paths=(
        "/api/auth/invitations/preview",
        "/api/auth/invitations/accept",
        "/api/admin/invitations",
        "/api/admin/invitations/{invitation_id}",
        "/api/admin/invitations/{invitation_id}/resend",
    ),
    commands=(invitations,),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.INVITATIONS, tables=(InvitationRow,), end=end_access),
    names_role=repository.names_role,
    export=ExportPart(
        schema=InvitationsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda _core, principal, limit: export_invitations(principal.user, limit),
    ),
    build=build,
)
