"""Manifest of the login with a passkey."""

from typing import Final

from auth_api.flows.passkey_login.controllers import PasskeyLoginController
from auth_api.flows.passkey_login.service import PasskeyLoginService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import MINUTE, ClientIpLimit

LIMITS: Final = (
    ClientIpLimit(name="passkey_options", requests=60, window_seconds=MINUTE),
    ClientIpLimit(name="passkey", requests=20, window_seconds=MINUTE),
)


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the login to the core; without passkeys it has no routes."""
    passkey_login = PasskeyLoginService(users=core.users, passkeys=core.passkeys, sign_in=core.sign_in)
    return Feature(
        controllers=(PasskeyLoginController,) if core.passkeys.is_on else (),
        dependencies={"passkey_login": passkey_login},
    )


MANIFEST: Final = Manifest(
    paths=("/api/auth/passkey/options", "/api/auth/passkey/login"), limits=lambda _: LIMITS, build=build
)
