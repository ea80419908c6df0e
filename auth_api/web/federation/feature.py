"""Manifest of the pages of sign-ins by a provider."""

from typing import Final

from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import ClientIpLimit
from auth_api.web.federation.continuation import Continuation
from auth_api.web.federation.continuation_controllers import ContinuationController
from auth_api.web.federation.identity_controllers import IdentityPageController
from auth_api.web.federation.sign_up_controllers import SignUpPageController
from auth_api.web.frame.routes import page_router


def limits(settings: Settings) -> tuple[ClientIpLimit, ...]:
    """Return the limit of the continuation, which a browser that waits loads several times."""
    if not settings.of(ProvidersPolicy).ids:
        return ()
    return (ClientIpLimit(name="provider_continue", requests=120, window_seconds=300),)


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages if people can log in by a provider. Applications need the first one without the others, too."""
    if not core.providers.is_on:
        return Feature()
    cookie = BrowserCookie(public_url=settings.http.public_url, is_production=settings.is_production)
    pages = (page_router([SignUpPageController, IdentityPageController]),) if settings.pages.is_hosted else ()
    return Feature(
        controllers=(ContinuationController, *pages),
        dependencies={"continuation": Continuation(flows=core.sign_in_flows, browser_cookie=cookie)},
    )


MANIFEST: Final = Manifest(limits=limits, build=build)
