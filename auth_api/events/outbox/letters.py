"""What is written to people."""

from enum import StrEnum
from typing import Any

import msgspec

from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose


class MailKind(StrEnum):
    """A kind of mail; its value is the name of its templates. A name that has been written to a database stays."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"
    REGISTRATION = "registration"
    REGISTRATION_ATTEMPT = "registration_attempt"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of mail
    EMAIL_CHANGED = "email_changed"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a kind of mail
    NEW_NETWORK = "new_network"
    ACCOUNT_DELETED = "account_deleted"

    @property
    def purpose(self) -> Purpose | None:
        """What the token in it is for; None where there is none."""
        return _PURPOSES.get(self)


_PURPOSES = {
    MailKind.PASSWORD_RESET: Purpose.PASSWORD_RESET,
    MailKind.EMAIL_VERIFICATION: Purpose.EMAIL_VERIFICATION,
    MailKind.EMAIL_CHANGE: Purpose.EMAIL_CHANGE,
    MailKind.REGISTRATION: Purpose.REGISTRATION,
    MailKind.PASSWORD_CHANGED: Purpose.SESSION_REPORT,
    MailKind.EMAIL_CHANGED: Purpose.EMAIL_UNDO,
    MailKind.TOKEN_REUSED: Purpose.SESSION_REPORT,
    MailKind.NEW_NETWORK: Purpose.SESSION_REPORT,
}

PATHS = {
    Purpose.PASSWORD_RESET: "/account/reset-password",
    Purpose.EMAIL_VERIFICATION: "/account/verify-email",
    Purpose.REGISTRATION: "/account/verify-email",
    Purpose.EMAIL_CHANGE: "/account/confirm-email",
    Purpose.EMAIL_UNDO: "/account/undo-email",
    Purpose.SESSION_REPORT: "/account/report",
}
"""Where the link of a mail leads, below FRONTEND_URL. Public API: frontends have pages there."""


class OutboxItem(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was claimed: what to write, to whom, and what is known about why.

    Attributes:
        id: of the row.
        mail_kind: what to write.
        user_id: the account it is about; None where it is about an address.
        address: where it goes, or who is looked for under it; None for the account's own address.
        parameters: more about it.
        request_context: the request that wanted it.
        attempts: how often it was tried, this time included.
        created: when it was wanted, as `YYYYMMDDhhmmss` and six digits of microseconds, on the database's clock.
        age: seconds since then.
    """

    id: int
    mail_kind: MailKind
    user_id: int | None
    address: str | None
    parameters: dict[str, Any]
    request_context: RequestContext
    attempts: int
    created: str
    age: float


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that will be written: to whom, by which templates, with what in it."""

    mail_kind: MailKind
    recipient: str
    username: str | None
    locale: str | None
    token: str | None

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Draft({self.mail_kind})"
