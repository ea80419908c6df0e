"""Manifest of registration."""

from typing import Final

from auth_api.flows.registration.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(mails=MAIL_KINDS, paths=("/api/auth/register",))
