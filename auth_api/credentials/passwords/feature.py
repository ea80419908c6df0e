"""Manifest of passwords."""

from typing import Final

from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.credentials.passwords.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(events=tuple(PasswordEvent), mails=MAIL_KINDS)
