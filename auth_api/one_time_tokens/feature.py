"""Manifest of mailed tokens."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, ExportPart, Manifest
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.export import EXAMPLE_EXPORT, TokensExport, export_tokens
from auth_api.one_time_tokens.retention import RETENTION_RULES
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.throttling.policy import MINUTE, ClientIpLimit

LIMITS: Final = (ClientIpLimit(name="mailed_token", requests=20, window_seconds=MINUTE),)


async def end_access(core: Core, access: EndedAccess) -> int:
    """Revoke the mailed tokens of the user, except those that the event keeps."""
    if access.ends.links:
        await core.tokens.revoke_all(access.user_id, kept_purposes=access.ends.kept_links)
    return 0


MANIFEST: Final = Manifest(
    tables=(OneTimeTokenRow,),
    errors=(OneTimeTokenInvalidException,),
    limits=lambda _: LIMITS,
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.ONE_TIME_TOKENS, tables=(OneTimeTokenRow,), end=end_access),
    export=ExportPart(
        schema=TokensExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, limit: export_tokens(core.tokens, principal.id, limit),
    ),
)
