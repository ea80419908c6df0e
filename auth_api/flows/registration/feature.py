"""Manifest of registration."""

from typing import Final

from auth_api.flows.registration.controllers import RegistrationController
from auth_api.flows.registration.mails import MAIL_KINDS
from auth_api.flows.registration.service import RegistrationService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import HOUR, ClientIpLimit
from auth_api.users.policy import RegistrationPolicy

LIMITS: Final = (ClientIpLimit(name="register", requests=20, window_seconds=HOUR),)


def build(core: Core, settings: Settings) -> Feature:
    """Connect registration to the core."""
    registration = RegistrationService(
        database=core.database,
        users=core.users,
        sign_in=core.sign_in,
        audit=core.audit,
        hasher=core.hasher,
        tokens=core.tokens,
        outbox=core.outbox,
        registration_policy=settings.of(RegistrationPolicy),
        verification_policy=settings.verification_policy,
        verification_mail=core.mail_kind("email_verification"),
    )
    return Feature(controllers=(RegistrationController,), dependencies={"registration": registration})


MANIFEST: Final = Manifest(
    tags={"Authentication": "Register, log in, refresh tokens, log out."},
    mails=MAIL_KINDS,
    paths=("/api/auth/register",),
    limits=lambda _: LIMITS,
    build=build,
)
