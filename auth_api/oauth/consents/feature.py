"""Manifest of consents."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.oauth.consents.commands import grants
from auth_api.oauth.consents.controllers import ConsentController
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.events import ConsentEvent
from auth_api.oauth.consents.export import EXAMPLE_EXPORT, ConsentsExport, export_consents
from auth_api.oauth.consents.mails import MAIL_KINDS
from auth_api.oauth.consents.repository import delete_all
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.resources.command_group import in_oauth_group
from auth_api.settings import Settings


async def end_access(_core: Core, access: EndedAccess) -> int:
    """Withdraw the consents of the user if the event ends the access of applications."""
    if access.ends.delegated:
        await delete_all(access.user_id)
    return 0


def build(core: Core, settings: Settings) -> Feature:
    """Connect consents to the core, with routes if users sign in to applications."""
    consents = Consents(
        database=core.database,
        users=core.users,
        audit=core.audit,
        outbox=core.outbox,
        requests=OAuthRequests(database=core.database, clock=core.clock),
        grants=Grants(database=core.database, audit=core.audit, outbox=core.outbox),
        clock=core.clock,
    )
    is_on = settings.of(OAuthPolicy).enabled
    return Feature(controllers=(ConsentController,) if is_on else (), dependencies={"consents": consents})


MANIFEST: Final = Manifest(
    tables=(OAuthConsentRow,),
    errors=(ConsentNotFoundException,),
    events=tuple(ConsentEvent),
    mails=MAIL_KINDS,
    commands=(in_oauth_group(grants),),
    tags={"Applications": "Other applications to which users sign in with this server."},
    paths=("/api/user/consents", "/api/user/consents/{consent_id}"),
    revocation=Revocation(step=RevocationStep.CONSENTS, tables=(OAuthConsentRow,), end=end_access),
    export=ExportPart(
        schema=ConsentsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda _core, principal, limit: export_consents(principal, limit),
    ),
    build=build,
)
