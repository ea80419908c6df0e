"""Manifest of e-mail verification."""

from typing import Final

from auth_api.flows.email_verification.completion import RegistrationCompletion
from auth_api.flows.email_verification.controllers import VerificationController
from auth_api.flows.email_verification.mails import MAIL_KINDS
from auth_api.flows.email_verification.service import VerificationService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import HOUR, ClientIpLimit
from auth_api.users.policy import RegistrationPolicy

LIMITS: Final = (ClientIpLimit(name="resend", requests=20, window_seconds=HOUR),)


def build(core: Core, settings: Settings) -> Feature:
    """Connect e-mail verification to the core."""
    completion = RegistrationCompletion(
        database=core.database,
        users=core.users,
        email_ownership=core.email_ownership,
        tokens=core.tokens,
        audit=core.audit,
        passwords=core.passwords,
        registration_policy=settings.of(RegistrationPolicy),
    )
    verification = VerificationService(
        database=core.database,
        users=core.users,
        email_ownership=core.email_ownership,
        roles=core.roles,
        tokens=core.tokens,
        outbox=core.outbox,
        audit=core.audit,
        passwords=core.passwords,
        access_revocation=core.access_revocation,
        completion=completion,
    )
    return Feature(
        controllers=(VerificationController,) if core.outbox.is_on else (),
        dependencies={"verification": verification},
    )


MANIFEST: Final = Manifest(
    mails=MAIL_KINDS, paths=("/api/auth/email/verify", "/api/auth/email/resend"), limits=lambda _: LIMITS, build=build
)
