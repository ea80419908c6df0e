"""Manifest of the sign-in."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaRequiredException,
    StepUpRequiredException,
)
from auth_api.sign_in.events import LoginEvent
from auth_api.sign_in.mails import MAIL_KINDS
from auth_api.sign_in.policy import StepUpPolicy

MANIFEST: Final = Manifest(
    errors=(AccountDisabledException, EmailNotVerifiedException, MfaRequiredException, StepUpRequiredException),
    events=tuple(LoginEvent),
    mails=MAIL_KINDS,
    policies={"Tokens and sessions": (StepUpPolicy,)},
)
