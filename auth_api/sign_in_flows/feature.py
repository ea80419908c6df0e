"""Manifest of the sign-ins that lead through another site."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in_flows.errors import FlowInvalidException, ReturnToNotAllowedException
from auth_api.sign_in_flows.policy import ReturnPolicy
from auth_api.sign_in_flows.retention import RETENTION_RULES
from auth_api.sign_in_flows.return_urls import ReturnUrls
from auth_api.sign_in_flows.tables import SignInFlowRow


async def end_access(core: Core, access: EndedAccess) -> int:
    """End the sign-ins of the user that are not complete."""
    if access.ends.pending_logins:
        await core.sign_in_flows.end_all(access.user_id)
    return 0


def build(_core: Core, settings: Settings) -> Feature:
    """Give the handlers of a sign-in the applications that it may lead to."""
    return Feature(dependencies={"return_urls": ReturnUrls(urls=frozenset(settings.of(ReturnPolicy).urls))})


MANIFEST: Final = Manifest(
    tables=(SignInFlowRow,),
    errors=(FlowInvalidException, ReturnToNotAllowedException),
    policies={"Pages": (ReturnPolicy,)},
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.PENDING_LOGINS, tables=(SignInFlowRow,), end=end_access),
    build=build,
)
