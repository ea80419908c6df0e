"""What ends what: the events that end access to an account, and what each of them ends."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

import msgspec

from auth_api.one_time_tokens.purpose import Purpose

RECENT: Final = timedelta(days=7)
"""The lifetime of the link with which a user reports a change: what is older was not reported."""


class EndedSessions(StrEnum):
    """The sessions that an event ends, as the documentation names them."""

    NONE = "none"
    ONE = "that one"
    OTHERS = "all except the caller's"
    OPENED = "those that it has opened, except the caller's"
    ALL = "all"


class PasswordChange(StrEnum):
    """What happens to the password, as the documentation names it."""

    KEPT = "stays"
    REPLACED = "new"
    REMOVED = "removed"


class FactorRemoval(StrEnum):
    """What happens to second factors and recovery codes, or to identities, as the documentation names it."""

    KEPT = "stay"
    RECENT = "removed if younger than 7 days"
    ALL = "removed"


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """What an event ends.

    Attributes:
        sessions: which sessions, with their refresh tokens.
        password: what happens to the password.
        delegated: whether what acts for the user without a session ends: API keys, and the access of applications with
            the consents of the user. Access of applications that needs a session ends with it in any case, and also if
            the event ends all other sessions.
        factors: what happens to the second factors. Of two-step login that is older, `RECENT` keeps the last one.
        identities: what happens to the linked accounts at providers.
        links: whether mailed links stop working, waiting mails that would carry one are withdrawn, and failed logins
            are forgotten.
        kept_links: purposes of mailed links that work nevertheless.
        account: whether no session can be opened afterwards, so that services which verify tokens themselves refuse
            all earlier tokens of the user.
    """

    sessions: EndedSessions
    delegated: bool = False
    password: PasswordChange = PasswordChange.KEPT
    factors: FactorRemoval = FactorRemoval.KEPT
    identities: FactorRemoval = FactorRemoval.KEPT
    links: bool = False
    kept_links: tuple[Purpose, ...] = ()
    account: bool = False

    @property
    def pending_logins(self) -> bool:
        """Whether logins end that are not complete: whenever more changes than one session."""
        return self.sessions is not EndedSessions.ONE

    @property
    def removes_password(self) -> bool:
        """Whether the password becomes unusable until a reset sets a new one."""
        return self.password is PasswordChange.REMOVED

    @property
    def removes_all_factors(self) -> bool:
        """Whether no second factor is left, so that wrong ones of the past are forgotten."""
        return self.factors is FactorRemoval.ALL


class AccessEvent(StrEnum):
    """An event that ends access to an account. Databases contain these values: never rename or reuse one."""

    LOGGED_OUT = "logged_out"
    LOGGED_OUT_EVERYWHERE = "logged_out_everywhere"
    TOO_MANY_SESSIONS = "too_many_sessions"
    REPLACED = "replaced"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - an event, not a token
    SECOND_FACTOR_GUESSED = "second_factor_guessed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an event, not a password
    PASSWORD_RESET = "password_reset"  # noqa: S105 - as above
    PASSWORD_SET = "password_set"  # noqa: S105 - as above
    TWO_STEP_ENABLED = "two_step_enabled"
    FACTORS_CHANGED = "factors_changed"
    FACTORS_RESET = "factors_reset"
    IDENTITY_UNLINKED = "identity_unlinked"
    EMAIL_CHANGED = "email_changed"
    EMAIL_CHANGE_UNDONE = "email_change_undone"
    EMAIL_VERIFIED = "email_verified"
    REPORTED = "reported"
    ENDED_BY_OPERATOR = "ended_by_operator"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_DELETED = "account_deleted"

    @property
    def ends(self) -> Ends:
        """What the event ends."""
        return _ENDS[self]


_UNDO_ONLY: Final = (Purpose.EMAIL_UNDO,)
"""Kept if the user proved access to the e-mail address, or an operator acts.

An attacker who took over the account together with its e-mail address must not be able to revoke the link that restores
the previous address.
"""

_UNDO_AND_REPORT: Final = (Purpose.EMAIL_UNDO, Purpose.SESSION_REPORT)
"""Kept if the user proved knowledge of the password.

An attacker may know the password, too, and must not be able to revoke a link that was mailed to the user.
"""

_ENDS: Final[Mapping[AccessEvent, Ends]] = {
    AccessEvent.LOGGED_OUT: Ends(sessions=EndedSessions.ONE),
    AccessEvent.LOGGED_OUT_EVERYWHERE: Ends(sessions=EndedSessions.ALL),
    AccessEvent.TOO_MANY_SESSIONS: Ends(sessions=EndedSessions.ONE),
    AccessEvent.REPLACED: Ends(sessions=EndedSessions.ONE),
    AccessEvent.REFRESH_TOKEN_REUSED: Ends(sessions=EndedSessions.ONE),
    AccessEvent.SECOND_FACTOR_GUESSED: Ends(sessions=EndedSessions.ONE),
    AccessEvent.PASSWORD_CHANGED: Ends(
        sessions=EndedSessions.ALL, password=PasswordChange.REPLACED, links=True, kept_links=_UNDO_AND_REPORT
    ),
    AccessEvent.PASSWORD_RESET: Ends(
        sessions=EndedSessions.ALL, delegated=True, password=PasswordChange.REPLACED, links=True, kept_links=_UNDO_ONLY
    ),
    AccessEvent.PASSWORD_SET: Ends(
        sessions=EndedSessions.ALL, delegated=True, password=PasswordChange.REPLACED, links=True, kept_links=_UNDO_ONLY
    ),
    AccessEvent.TWO_STEP_ENABLED: Ends(sessions=EndedSessions.OTHERS),
    AccessEvent.FACTORS_CHANGED: Ends(sessions=EndedSessions.NONE),
    AccessEvent.FACTORS_RESET: Ends(sessions=EndedSessions.ALL, delegated=True, factors=FactorRemoval.ALL),
    AccessEvent.IDENTITY_UNLINKED: Ends(sessions=EndedSessions.OPENED),
    AccessEvent.EMAIL_CHANGED: Ends(sessions=EndedSessions.OTHERS, links=True, kept_links=_UNDO_ONLY),
    AccessEvent.EMAIL_CHANGE_UNDONE: Ends(
        sessions=EndedSessions.ALL,
        delegated=True,
        password=PasswordChange.REMOVED,
        factors=FactorRemoval.RECENT,
        identities=FactorRemoval.RECENT,
        links=True,
    ),
    AccessEvent.EMAIL_VERIFIED: Ends(
        sessions=EndedSessions.ALL,
        delegated=True,
        password=PasswordChange.REMOVED,
        factors=FactorRemoval.ALL,
        identities=FactorRemoval.ALL,
        links=True,
        kept_links=_UNDO_ONLY,
    ),
    AccessEvent.REPORTED: Ends(
        sessions=EndedSessions.ALL,
        delegated=True,
        password=PasswordChange.REMOVED,
        factors=FactorRemoval.RECENT,
        identities=FactorRemoval.RECENT,
        links=True,
        kept_links=_UNDO_ONLY,
    ),
    AccessEvent.ENDED_BY_OPERATOR: Ends(sessions=EndedSessions.ALL),
    AccessEvent.ACCOUNT_DISABLED: Ends(sessions=EndedSessions.ALL, account=True),
    AccessEvent.ACCOUNT_DELETED: Ends(sessions=EndedSessions.ALL, delegated=True, links=True, account=True),
}
