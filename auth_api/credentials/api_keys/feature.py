"""Manifest of API keys and service accounts."""

from typing import Final

from auth_api.credentials.api_keys.errors import KeyNotFoundException, ServiceAccountNotFoundException
from auth_api.credentials.api_keys.export import EXAMPLE_EXPORT, ApiKeysExport, export_api_keys
from auth_api.credentials.api_keys.retention import RETENTION_RULES
from auth_api.credentials.api_keys.tables import ApiKeyRow, ServiceAccountRow
from auth_api.ended_access import EndedAccess, RevocationStep
from auth_api.manifest import Core, ExportPart, Manifest, Revocation


async def end_access(core: Core, access: EndedAccess) -> int:
    """Revoke the keys of the user if the event ends them."""
    if access.ends.api_keys:
        await core.api_keys.end_all(access.user_id, reason=access.event)
    return 0


MANIFEST: Final = Manifest(
    tables=(ServiceAccountRow, ApiKeyRow),
    errors=(KeyNotFoundException, ServiceAccountNotFoundException),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.API_KEYS, tables=(ApiKeyRow,), end=end_access),
    export=ExportPart(
        schema=ApiKeysExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, limit: export_api_keys(core.api_keys, principal, limit),
    ),
)
