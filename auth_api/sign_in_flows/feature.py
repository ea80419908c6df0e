"""Manifest of the sign-ins that lead through another site."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in_flows.errors import FlowInvalidException, ReturnToNotAllowedException
from auth_api.sign_in_flows.policy import ReturnPolicy
from auth_api.sign_in_flows.return_urls import ReturnUrls
from auth_api.sign_in_flows.tables import SignInFlowRow


def build(_core: Core, settings: Settings) -> Feature:
    """Give the handlers of a sign-in the applications that it may lead to."""
    return Feature(dependencies={"return_urls": ReturnUrls(urls=frozenset(settings.of(ReturnPolicy).urls))})


MANIFEST: Final = Manifest(
    tables=(SignInFlowRow,),
    errors=(FlowInvalidException, ReturnToNotAllowedException),
    policies={"Pages": (ReturnPolicy,)},
    build=build,
)
