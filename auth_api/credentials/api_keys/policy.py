"""Settings of API keys."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.setting import Setting

DEFAULT_DAYS: Final = 90


class ApiKeyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which API keys exist, and for how long."""

    allows_personal: Annotated[
        bool,
        Setting(
            "PERSONAL_API_KEYS",
            "Whether users can create API keys; with `false`, their existing keys are refused, too. "
            "Service accounts are not affected.",
        ),
    ] = True
    max_days: Annotated[
        int,
        Setting(
            "API_KEY_MAX_DAYS", "Longest lifetime of a new API key of a user.", minimum=1, maximum=3650, unit="days"
        ),
    ] = 366

    @property
    def default_days(self) -> int:
        """The lifetime of a user's key, if its creator states none."""
        return min(DEFAULT_DAYS, self.max_days)

    def lifetime(self, days: int | None) -> timedelta:
        """Return the lifetime of a user's key with this number of days, or the default.

        Raises:
            ValidationException: it is too long.
        """
        if days is not None and days > self.max_days:
            message = f"Must be a whole number, 1 to {self.max_days}."
            raise ValidationException([FieldError("expires_in_days", "range", message)])
        return timedelta(days=self.default_days if days is None else days)
