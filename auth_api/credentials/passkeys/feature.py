"""Manifest of passkeys."""

from typing import Final

from auth_api.credentials.errors import (
    DuplicatePasskeyException,
    LastSignInMethodException,
    PasskeyInvalidException,
    PasskeyUnknownException,
)
from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.passkeys.events import PasskeyEvent
from auth_api.credentials.passkeys.mails import MAIL_KINDS
from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Manifest


async def end_access(core: Core, access: EndedAccess) -> int:
    """Remove the passkeys of the user that the event removes."""
    await core.factor_revocation.end_factors(
        FactorKind.PASSKEY,
        access.event,
        access.user_id,
        access.request_context,
        delete=lambda factor: core.passkeys.remove(factor.passkey_id or 0, user_id=access.user_id),
    )
    return 0


MANIFEST: Final = Manifest(
    tables=(PasskeyRow,),
    errors=(
        DuplicatePasskeyException,
        LastSignInMethodException,
        PasskeyInvalidException,
        PasskeyUnknownException,
    ),
    events=tuple(PasskeyEvent),
    mails=MAIL_KINDS,
    revocation=Revocation(step=RevocationStep.FACTORS, tables=(PasskeyRow,), end=end_access),
)
