"""Metrics of logins."""

from collections.abc import Mapping
from typing import Final

from auth_api.kit.errors import AuthException
from auth_api.kit.prometheus import counters
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaEnrolmentRequiredException,
    MfaRequiredException,
)
from auth_api.users.errors import InvalidCredentialsException

LOGINS: Final = counters(
    "logins",
    "Logins by outcome. throttled: the account had too many wrong passwords; account_changed: during the login.",
    "outcome",
    (
        "succeeded",
        "wrong_password",
        "invalid_passkey",
        "unknown_account",
        "account_disabled",
        "account_changed",
        "email_not_verified",
        "second_factor_required",
        "enrolment_required",
        "throttled",
    ),
)
"""Counters by outcome."""

OUTCOMES_BY_ERROR: Final[Mapping[type[AuthException], str]] = {
    InvalidCredentialsException: "account_changed",
    AccountDisabledException: "account_disabled",
    EmailNotVerifiedException: "email_not_verified",
}
"""Outcomes of logins that were refused after the proof of identity had been checked."""

FACTOR_OUTCOMES: Final[Mapping[type[AuthException], str]] = {
    MfaRequiredException: "second_factor_required",
    MfaEnrolmentRequiredException: "enrolment_required",
}
"""Outcomes of logins that wait for a second factor."""
