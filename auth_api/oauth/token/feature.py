"""Manifest of the token endpoint."""

from typing import Final

from auth_api.kit.crypto.tokens import SuccessorDerivation
from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.device.polling import DevicePolling
from auth_api.oauth.grants.grant_tokens import GrantTokens
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.requests.device_requests import DeviceRequests
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.resources.service import Resources
from auth_api.oauth.token.controllers import TokenController
from auth_api.oauth.token.issuer import TokenIssuer
from auth_api.oauth.token.redemption import Redemption
from auth_api.oauth.token.refreshing import TokenRefresh
from auth_api.oauth.token.service import TokenService
from auth_api.oauth.token.token_scope import TokenScopes
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services to the core if this server is a provider."""
    policy, sessions = settings.of(OAuthPolicy), settings.sessions
    if not policy.enabled:
        return Feature()
    grants = Grants(database=core.database, audit=core.audit, outbox=core.outbox)
    grant_tokens = GrantTokens(
        grants=grants,
        browser_sessions=core.browser_sessions,
        derivation=SuccessorDerivation(sessions.derivation_secrets),
        idle_time=policy.refresh_idle_ttl,
        longest_time=policy.grant_ttl,
        refresh_grace=sessions.refresh_grace,
    )
    scopes = TokenScopes(resources=Resources())
    issuer = TokenIssuer(
        keys=policy.keys,
        access_token_ttl=policy.access_token_ttl,
        mfa_max_age=sessions.mfa_max_age,
        clock=core.clock,
    )
    requests = OAuthRequests(database=core.database, clock=core.clock)
    redemption = Redemption(
        database=core.database,
        users=core.users,
        requests=requests,
        consents=Consents(
            database=core.database,
            users=core.users,
            audit=core.audit,
            outbox=core.outbox,
            requests=requests,
            grants=grants,
            clock=core.clock,
        ),
        grants=grants,
        grant_tokens=grant_tokens,
        scopes=scopes,
        issuer=issuer,
        clock=core.clock,
    )
    token_service = TokenService(
        redemption=redemption,
        refreshing=TokenRefresh(grants=grants, grant_tokens=grant_tokens, scopes=scopes, issuer=issuer),
        device_polling=DevicePolling(requests=DeviceRequests(database=core.database, clock=core.clock)),
        scopes=scopes,
        issuer=issuer,
    )
    return Feature(
        controllers=(TokenController,),
        dependencies={"token_service": token_service},
        services=(grant_tokens,),
    )


MANIFEST: Final = Manifest(build=build)
