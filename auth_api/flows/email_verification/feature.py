"""Manifest of e-mail verification."""

from typing import Final

from auth_api.flows.email_verification.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(mails=MAIL_KINDS, paths=("/api/auth/email/verify", "/api/auth/email/resend"))
