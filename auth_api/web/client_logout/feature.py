"""Manifest of the endpoint to which applications lead people who log out."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.throttling.policy import ClientIpLimit
from auth_api.web.client_logout.controllers import ClientLogoutController


def limits(settings: Settings) -> tuple[ClientIpLimit, ...]:
    """Return the limit of the endpoint."""
    if not settings.of(OAuthPolicy).enabled:
        return ()
    return (ClientIpLimit(name="oauth_logout", requests=60, window_seconds=60),)


def build(_core: Core, settings: Settings) -> Feature:
    """Build the endpoint if this server is an OAuth provider."""
    return Feature(controllers=(ClientLogoutController,) if settings.of(OAuthPolicy).enabled else ())


MANIFEST: Final = Manifest(limits=limits, build=build)
