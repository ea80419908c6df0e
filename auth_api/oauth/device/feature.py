"""Manifest of sign-ins on devices."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.device.controllers import DeviceAuthorizationController
from auth_api.oauth.device.polling import DevicePolling
from auth_api.oauth.device.service import DeviceAuthorizations
from auth_api.oauth.device.user_codes import UserCodes
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.requests.device_requests import DeviceRequests
from auth_api.oauth.resources.service import Resources
from auth_api.settings import Settings
from auth_api.throttling.policy import ClientIpLimit
from auth_api.throttling.user_code_limit import UserCodeLimit


def limits(settings: Settings) -> tuple[ClientIpLimit, ...]:
    """Return the limit of the endpoint."""
    if not settings.of(OAuthPolicy).enabled:
        return ()
    return (ClientIpLimit(name="device_authorization", requests=20, window_seconds=60),)


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services to the core if this server is a provider."""
    if not settings.of(OAuthPolicy).enabled:
        return Feature()
    requests = DeviceRequests(database=core.database, clock=core.clock)
    device_authorizations = DeviceAuthorizations(
        requests=requests,
        resources=Resources(),
        user_codes=UserCodes(settings.sessions.derivation_secrets),
        limit=UserCodeLimit(settings.throttling),
        verification_uri=f"{settings.http.public_url}/account/device",
    )
    return Feature(
        controllers=(DeviceAuthorizationController,),
        dependencies={"device_authorizations": device_authorizations},
        services=(DevicePolling(requests=requests),),
    )


MANIFEST: Final = Manifest(limits=limits, build=build)
