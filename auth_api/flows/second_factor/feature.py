"""Manifest of the second step of a login."""

from typing import Final

from auth_api.flows.second_factor.controllers import SecondFactorController
from auth_api.flows.second_factor.mails import MAIL_KINDS
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import MINUTE, ClientIpLimit

LIMITS: Final = (ClientIpLimit(name="mfa", requests=10, window_seconds=MINUTE),)


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the second step to the core."""
    second_factor = SecondFactorService(
        database=core.database,
        users=core.users,
        email_ownership=core.email_ownership,
        sign_in=core.sign_in,
        pending_logins=core.sign_in.pending_logins,
        second_factors=core.second_factors,
        guesses=core.guesses,
        audit=core.audit,
        outbox=core.outbox,
    )
    return Feature(controllers=(SecondFactorController,), dependencies={"second_factor": second_factor})


MANIFEST: Final = Manifest(
    mails=MAIL_KINDS, paths=("/api/auth/mfa", "/api/auth/mfa/passkey-options"), limits=lambda _: LIMITS, build=build
)
