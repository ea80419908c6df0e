"""Manifest of identities."""

from typing import Final

from auth_api.credentials.identities.errors import IdentityNotFoundException, IdentityTakenException
from auth_api.credentials.identities.events import IdentityEvent
from auth_api.credentials.identities.export import EXAMPLE_EXPORT, IdentitiesExport, export_identities
from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, ExportPart, Manifest
from auth_api.sessions.access_events import RECENT, FactorRemoval


async def end_access(core: Core, access: EndedAccess) -> int:
    """Remove the identities of the user that the event removes."""
    removal = access.ends.identities
    if removal is not FactorRemoval.KEPT:
        since = None if removal is FactorRemoval.ALL else await core.sessions.present_time() - RECENT
        await core.identities.remove_since(since, access.user_id, access.request_context)
    return 0


MANIFEST: Final = Manifest(
    tables=(UserIdentityRow,),
    errors=(IdentityNotFoundException, IdentityTakenException),
    events=tuple(IdentityEvent),
    revocation=Revocation(step=RevocationStep.IDENTITIES, tables=(UserIdentityRow,), end=end_access),
    export=ExportPart(
        schema=IdentitiesExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, _limit: export_identities(core.identities, principal),
    ),
)
