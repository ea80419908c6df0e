"""Manifest of authenticator apps."""

from typing import Final

from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.totp.retention import RETENTION_RULES
from auth_api.credentials.totp.service import SEALED_AS
from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.kit.db.sealed_columns import SealedColumn
from auth_api.manifest import Core, Manifest
from auth_api.sessions.access_events import FactorRemoval


async def end_access(core: Core, access: EndedAccess) -> int:
    """Remove the app of the user if the event removes it, and any app that is being added."""
    totp = core.second_factors.totp
    if access.ends.factors is not FactorRemoval.KEPT:
        await totp.discard_candidate(access.user_id)
    await core.factor_revocation.end_factors(
        FactorKind.TOTP,
        access.event,
        access.user_id,
        access.request_context,
        delete=lambda _factor: totp.remove(access.user_id),
    )
    return 0


MANIFEST: Final = Manifest(
    tables=(TotpFactorRow, TotpCandidateRow),
    sealed_columns=tuple(
        SealedColumn(name=SEALED_AS, table=table, row_key=table.user_id, sealed=table.sealed)
        for table in (TotpFactorRow, TotpCandidateRow)
    ),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.FACTORS, tables=(TotpFactorRow, TotpCandidateRow), end=end_access),
)
