"""Manifest of the userinfo endpoint."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.token.verification import AccessTokenVerification
from auth_api.oauth.userinfo.controllers import UserInfoController
from auth_api.oauth.userinfo.service import UserInfo
from auth_api.settings import Settings
from auth_api.used_values.service import UsedValues


def build(core: Core, settings: Settings) -> Feature:
    """Connect the service to the core if this server is a provider."""
    policy = settings.of(OAuthPolicy)
    if not policy.enabled:
        return Feature()
    verification = AccessTokenVerification(
        keys=policy.keys,
        grants=Grants(database=core.database, audit=core.audit, outbox=core.outbox),
        clients=Clients(core.roles),
        used_values=UsedValues(),
        clock=core.clock,
    )
    return Feature(controllers=(UserInfoController,), dependencies={"user_info": UserInfo(verification=verification)})


MANIFEST: Final = Manifest(build=build)
