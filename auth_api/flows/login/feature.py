"""Manifest of login."""

from typing import Final

from auth_api.flows.login.controllers import LoginController
from auth_api.flows.login.service import LoginService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import ClientIpLimit


def limits(settings: Settings) -> tuple[ClientIpLimit, ...]:
    """Return the limit that the settings define."""
    policy = settings.throttling
    return (ClientIpLimit(name="login", requests=policy.login_requests, window_seconds=policy.login_window_seconds),)


def build(core: Core, _settings: Settings) -> Feature:
    """Connect login to the core."""
    login = LoginService(
        users=core.users,
        hasher=core.hasher,
        passwords=core.passwords,
        sign_in=core.sign_in,
    )
    return Feature(controllers=(LoginController,), dependencies={"login": login})


MANIFEST: Final = Manifest(paths=("/api/auth/login",), limits=limits, build=build)
