"""Settings of proofs of identity."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec

from auth_api.kit.setting import Setting

OPTIONAL: Final = "optional"
REQUIRED: Final = "required"


def parse_mfa_policy(text: str) -> str:
    """Return who needs a second factor, in lower case.

    Raises:
        ValueError: the text is neither `optional` nor `required`. The message is for operators.
    """
    choice = text.lower()
    if choice == "admins":
        message = "cannot be admins, because this version has no roles: it must be optional or required"
        raise ValueError(message)
    if choice not in {OPTIONAL, REQUIRED}:
        message = "must be one of optional, required"
        raise ValueError(message)
    return choice


class MfaPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs a second factor."""

    requirement: Annotated[
        str,
        Setting(
            "MFA_POLICY",
            "Who needs a second factor to log in: `required` means all users, who also need a verified e-mail address; "
            "it needs mail, and in production `DATA_ENCRYPTION_KEYS`.",
            parse=parse_mfa_policy,
            accepts="`optional` or `required`",
            example=REQUIRED,
        ),
    ] = OPTIONAL

    @property
    def is_required(self) -> bool:
        """Whether all users need a second factor."""
        return self.requirement == REQUIRED


class StepUpPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a user must prove their identity again."""

    max_age: Annotated[
        timedelta,
        Setting(
            "STEP_UP_MAX_AGE_SECONDS",
            "Time for which a login or another proof of identity allows sensitive operations, such as adding a factor.",
            minimum=60,
            maximum=3600,
            unit="seconds",
        ),
    ] = timedelta(seconds=300)
