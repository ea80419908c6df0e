"""The purposes and lifetimes of one-time tokens."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec


class Purpose(StrEnum):
    """What a token allows. Databases contain these values: never rename or reuse one."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"
    EMAIL_UNDO = "email_undo"
    SESSION_REPORT = "session_report"
    REGISTRATION = "registration"
    IDENTITY_LINK = "identity_link"

    @property
    def lifetime(self) -> timedelta:
        """How long a token works: the more it allows, the shorter (ASVS 5.0 V6.5.5; NIST SP 800-63B-4 §4.2.1.2)."""
        return _LIFETIMES[self]

    @property
    def supersedes(self) -> bool:
        """Whether a new token revokes the older ones of the same user and purpose.

        Only for e-mail changes, which need the password: the last address that the user entered counts. Everyone can
        cause the mails of the other purposes, and must not revoke the token that the owner has received.
        """
        return self is Purpose.EMAIL_CHANGE


_LIFETIMES = {
    Purpose.PASSWORD_RESET: timedelta(minutes=30),
    Purpose.EMAIL_VERIFICATION: timedelta(hours=24),
    Purpose.EMAIL_CHANGE: timedelta(hours=1),
    Purpose.EMAIL_UNDO: timedelta(hours=24),
    Purpose.SESSION_REPORT: timedelta(days=7),
    Purpose.REGISTRATION: timedelta(hours=24),
    Purpose.IDENTITY_LINK: timedelta(minutes=2),
}


class TokenGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token allows.

    Attributes:
        id: of the token.
        user_id: the user it belongs to; None if it belongs to a registration without an account.
        purpose: a `Purpose`, or the name of a purpose that only a newer version knows.
        payload: the values that were stored with it.
    """

    id: int
    user_id: int | None
    purpose: str
    payload: dict[str, Any]


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored about a mailed token, without the token."""

    purpose: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
