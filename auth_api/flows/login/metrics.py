"""What is counted of logging in."""

from typing import Final

from auth_api.kit.prometheus import counters

LOGINS: Final = counters(
    "logins",
    "Attempts to log in by outcome. throttled: the account had too many failures; account_changed: while it was tried.",
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
"""By outcome."""
