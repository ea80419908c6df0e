"""Manifest of password recovery."""

from typing import Final

from auth_api.flows.password_recovery.controllers import RecoveryController, ReportController
from auth_api.flows.password_recovery.mails import MAIL_KINDS
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import HOUR, ClientIpLimit

LIMITS: Final = (ClientIpLimit(name="forgot", requests=20, window_seconds=HOUR),)


def build(core: Core, _settings: Settings) -> Feature:
    """Connect password recovery to the core."""
    recovery = RecoveryService(
        database=core.database,
        email_ownership=core.email_ownership,
        roles=core.roles,
        tokens=core.tokens,
        outbox=core.outbox,
        audit=core.audit,
        hasher=core.hasher,
        password_rules=core.password_rules,
        access_revocation=core.access_revocation,
        second_factors=core.second_factors,
        identities=core.identities,
    )
    return Feature(
        controllers=(RecoveryController, ReportController) if core.outbox.is_on else (),
        dependencies={"recovery": recovery},
    )


MANIFEST: Final = Manifest(
    mails=MAIL_KINDS,
    tags={"Recovery": "Verify an e-mail address, reset a password, regain access to an account."},
    paths=("/api/auth/password/forgot", "/api/auth/password/reset", "/api/auth/sessions/report"),
    limits=lambda _: LIMITS,
    build=build,
)
