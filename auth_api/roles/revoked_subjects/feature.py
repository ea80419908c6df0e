"""Manifest of the users whose earlier access tokens must be refused."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Manifest
from auth_api.roles.revoked_subjects.retention import RETENTION_RULES
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow


async def end_access(_core: Core, access: EndedAccess) -> int:
    """Record the end of the account, whichever flow disables or deletes it."""
    if access.ends.account:
        await RevokedSubjects().mark_revoked(access.user_id)
    return 0


MANIFEST: Final = Manifest(
    tables=(RevokedSubjectRow,),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.REVOKED_SUBJECTS, tables=(), end=end_access),
)
