"""Manifest of the change of an e-mail address."""

from typing import Final

from auth_api.flows.email_change.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(
    mails=MAIL_KINDS,
    paths=("/api/user/email", "/api/auth/email/confirm-change", "/api/auth/email/undo-change"),
)
