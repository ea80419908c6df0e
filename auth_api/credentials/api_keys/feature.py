"""Manifest of API keys and service accounts."""

from typing import Final

from auth_api.credentials.api_keys.errors import KeyNotFoundException, ServiceAccountNotFoundException
from auth_api.credentials.api_keys.events import ApiKeyEvent
from auth_api.credentials.api_keys.export import EXAMPLE_EXPORT, ApiKeysExport, export_api_keys
from auth_api.credentials.api_keys.policy import ApiKeyPolicy
from auth_api.credentials.api_keys.retention import RETENTION_RULES
from auth_api.credentials.api_keys.tables import ApiKeyRow, ServiceAccountRow
from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.kit.background import BackgroundJob
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.settings import Settings


async def end_access(core: Core, access: EndedAccess) -> int:
    """Revoke the keys of the user if the event ends them."""
    if access.ends.delegated:
        await core.api_keys.end_all(access.user_id, reason=access.event)
    return 0


def build(core: Core, _settings: Settings) -> Feature:
    """Let the last uses of keys be written in the background, and once more when the process stops."""
    return Feature(jobs=(BackgroundJob("api_key_uses", core.api_keys.last_uses.write, has_last_step=True),))


MANIFEST: Final = Manifest(
    tables=(ServiceAccountRow, ApiKeyRow),
    errors=(KeyNotFoundException, ServiceAccountNotFoundException),
    events=tuple(ApiKeyEvent),
    policies={"API keys": (ApiKeyPolicy,)},
    build=build,
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.API_KEYS, tables=(ApiKeyRow,), end=end_access),
    export=ExportPart(
        schema=ApiKeysExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, limit: export_api_keys(core.api_keys, principal, limit),
    ),
)
