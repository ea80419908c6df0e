"""Manifest of passwords."""

from typing import Final

from auth_api.credentials.passwords.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(mails=MAIL_KINDS)
