"""Settings of proofs of identity."""

from datetime import timedelta
from typing import Annotated, Final, Protocol

import msgspec

from auth_api.kit.setting import Setting

OPTIONAL: Final = "optional"
ADMINS: Final = "admins"
REQUIRED: Final = "required"


class HolderOfRoles(Protocol):
    """A user as a statement has read them that decides about a login or a proof of identity."""

    @property
    def has_administrative_role(self) -> bool:
        """Whether a role of the user has an administrative permission."""
        ...


class MfaPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs a second factor.

    Attributes:
        lacks_keys: whether `admins`, the default in production, is replaced because factors could not be stored.
    """

    requirement: Annotated[
        str,
        Setting(
            "MFA_POLICY",
            "Who needs a second factor to log in: `admins` means users with an administrative role, `required` all "
            "users, who also need a verified e-mail address and mail. Both need `DATA_ENCRYPTION_KEYS` in production.",
            choices=(OPTIONAL, ADMINS, REQUIRED),
            default_in={"production": ADMINS},
            default_text="`optional`; in production `admins` if `DATA_ENCRYPTION_KEYS` is set",
        ),
    ] = OPTIONAL
    lacks_keys: bool = False

    @property
    def is_required(self) -> bool:
        """Whether all users need a second factor."""
        return self.requirement == REQUIRED

    def requires(self, user: HolderOfRoles) -> bool:
        """Return whether a user needs a second factor, also without two-step login."""
        return self.is_required or (self.requirement == ADMINS and user.has_administrative_role)


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
