"""Manifest of password recovery."""

from typing import Final

from auth_api.flows.password_recovery.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(
    mails=MAIL_KINDS,
    paths=("/api/auth/password/forgot", "/api/auth/password/reset", "/api/auth/sessions/report"),
)
