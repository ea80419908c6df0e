"""Manifest of the sign-in."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.sign_in.errors import AccountDisabledException, EmailNotVerifiedException, MfaRequiredException
from auth_api.sign_in.mails import MAIL_KINDS

MANIFEST: Final = Manifest(
    errors=(AccountDisabledException, EmailNotVerifiedException, MfaRequiredException), mails=MAIL_KINDS
)
