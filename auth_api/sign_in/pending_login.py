"""A login whose first factor was right, and that needs a second one."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

LIFETIME: Final = timedelta(minutes=10)

MAX_ATTEMPTS: Final = 5
"""Guesses of a second factor per login."""

EXAMPLE_MFA_TOKEN: Final = "mfa_Zb0yq2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9w"  # noqa: S105 - an example


class PendingPurpose(StrEnum):
    """What the token of a pending login may be used for. Databases contain these values: never rename or reuse one."""

    SECOND_FACTOR = "second"
    ENROLMENT = "enrol"


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A pending login.

    Attributes:
        id: its number.
        user_id: the user who is logging in.
        methods: the methods that were proved (RFC 8176).
        auth_time: the time of that proof, by the database's clock.
        attempts: the number of guesses of the second factor.
        identity_id: the identity that proved the first factor; None if there was none.
    """

    id: int
    user_id: int
    methods: tuple[str, ...]
    auth_time: datetime
    attempts: int
    identity_id: int | None
