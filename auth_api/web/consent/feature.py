"""Manifest of the pages about the requests of applications."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.throttling.policy import ClientIpLimit
from auth_api.web.consent.authorize_controllers import AuthorizeController
from auth_api.web.consent.consent_controllers import ConsentPageController
from auth_api.web.frame.routes import page_router


def limits(settings: Settings) -> tuple[ClientIpLimit, ...]:
    """Return the limits of what browsers visit."""
    if not settings.of(OAuthPolicy).enabled:
        return ()
    return (
        ClientIpLimit(name="oauth_authorize", requests=120, window_seconds=60),
        ClientIpLimit(name="oauth_response", requests=120, window_seconds=60),
    )


def build(_core: Core, settings: Settings) -> Feature:
    """Build the pages if this server is a provider, which needs them."""
    if not settings.of(OAuthPolicy).enabled:
        return Feature()
    return Feature(controllers=(page_router([AuthorizeController, ConsentPageController]),))


MANIFEST: Final = Manifest(limits=limits, build=build)
