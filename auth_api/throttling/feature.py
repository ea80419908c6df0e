"""Manifest of the limits."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, ExportPart, Manifest
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.export import EXAMPLE_EXPORT, WrongAttemptsExport, export_wrong_attempts
from auth_api.throttling.retention import RETENTION_RULES
from auth_api.throttling.tables import ThrottleCounterRow


async def end_access(core: Core, access: EndedAccess) -> int:
    """Forget the failed logins of the user, if the event does, and failed second factors together with the factors.

    They do not concern the factors that the user adds next.
    """
    if access.ends.links:
        await core.throttle.reset(access.user_id)
    if access.ends.removes_all_factors:
        await core.throttle.reset_second_factor(access.user_id)
    return 0


MANIFEST: Final = Manifest(
    tables=(ThrottleCounterRow,),
    errors=(TooManyAttemptsException,),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.FAILED_LOGINS, tables=(ThrottleCounterRow,), end=end_access),
    export=ExportPart(
        schema=WrongAttemptsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, _: export_wrong_attempts(core.throttle, principal.id),
    ),
)
