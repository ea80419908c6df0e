"""Manifest of recovery codes."""

from typing import Final

from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Manifest


async def end_access(core: Core, access: EndedAccess) -> int:
    """Remove the recovery codes of the user if the event removes them."""
    await core.factor_revocation.end_recovery_codes(access.event, access.user_id)
    return 0


MANIFEST: Final = Manifest(
    tables=(RecoveryCodeRow,),
    revocation=Revocation(step=RevocationStep.RECOVERY_CODES, tables=(RecoveryCodeRow,), end=end_access),
)
