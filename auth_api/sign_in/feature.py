"""Manifest of the sign-in."""

from typing import Final

from auth_api.credentials.errors import FactorInvalidException, FactorNotFoundException, LastFactorException
from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Manifest
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaEnrolmentRequiredException,
    MfaRequiredException,
    MfaTokenInvalidException,
    StepUpRequiredException,
)
from auth_api.sign_in.events import FactorEvent, LoginEvent, SecondFactorEvent
from auth_api.sign_in.mails import MAIL_KINDS
from auth_api.sign_in.policy import MfaPolicy, StepUpPolicy
from auth_api.sign_in.retention import RETENTION_RULES
from auth_api.sign_in.tables import PendingLoginRow


async def end_access(core: Core, access: EndedAccess) -> int:
    """End the logins of the user that wait for a second factor."""
    if access.ends.pending_logins:
        await core.sign_in.pending_logins.end_all(access.user_id)
    return 0


MANIFEST: Final = Manifest(
    tables=(PendingLoginRow,),
    errors=(
        AccountDisabledException,
        EmailNotVerifiedException,
        FactorInvalidException,
        FactorNotFoundException,
        LastFactorException,
        MfaEnrolmentRequiredException,
        MfaRequiredException,
        MfaTokenInvalidException,
        StepUpRequiredException,
    ),
    events=(*LoginEvent, *SecondFactorEvent, *FactorEvent),
    mails=MAIL_KINDS,
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.PENDING_LOGINS, tables=(PendingLoginRow,), end=end_access),
    policies={"Tokens and sessions": (MfaPolicy, StepUpPolicy)},
)
