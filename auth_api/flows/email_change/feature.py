"""Manifest of the change of an e-mail address."""

from typing import Final

from auth_api.flows.email_change.controllers import EmailChangeController, EmailConfirmationController
from auth_api.flows.email_change.events import EmailChangeEvent
from auth_api.flows.email_change.mails import MAIL_KINDS
from auth_api.flows.email_change.service import EmailChangeService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import HOUR, ClientIpLimit
from auth_api.users.policy import RegistrationPolicy

LIMITS: Final = (ClientIpLimit(name="email_change", requests=20, window_seconds=HOUR),)


def build(core: Core, settings: Settings) -> Feature:
    """Connect the change of an e-mail address to the core."""
    email_change = EmailChangeService(
        database=core.database,
        email_ownership=core.email_ownership,
        roles=core.roles,
        tokens=core.tokens,
        outbox=core.outbox,
        audit=core.audit,
        freshness=core.freshness,
        access_revocation=core.access_revocation,
        account_removal=core.account_removal,
        second_factors=core.second_factors,
        identities=core.identities,
        mail_limits=core.outbox.limits,
        recovery_mail=core.mail_kind("account_recovered"),
        registration_policy=settings.of(RegistrationPolicy),
    )
    return Feature(
        controllers=(EmailChangeController, EmailConfirmationController) if core.outbox.is_on else (),
        dependencies={"email_change": email_change},
    )


MANIFEST: Final = Manifest(
    events=tuple(EmailChangeEvent),
    mails=MAIL_KINDS,
    paths=("/api/user/email", "/api/auth/email/confirm-change", "/api/auth/email/undo-change"),
    limits=lambda _: LIMITS,
    build=build,
)
