"""Metrics of logins."""

from typing import Final

from auth_api.kit.prometheus import counters

LOGINS: Final = counters(
    "logins",
    "Logins by outcome. throttled: the account had too many wrong passwords; account_changed: during the login.",
    "outcome",
    (
        "succeeded",
        "wrong_password",
        "unknown_account",
        "account_disabled",
        "account_changed",
        "email_not_verified",
        "throttled",
    ),
)
"""Counters by outcome."""
