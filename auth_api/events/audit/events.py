"""The events of the security history: `subject:action`, the same in the audit row and in the log line.

The events of ASVS 5.0 V16.3.1 to V16.3.3: authentications that succeeded, failed or were throttled, each change of
an account and its sessions, and actions of operators (the actor `cli`). Frequent events (a refresh, a request
rejected by a limit or for a missing right) are only logged, so that an attacker cannot fill the history.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec


class EventTag(StrEnum):
    """The name of an event. Each package lists its own in a subclass, which its manifest names.

    Databases contain these values: never rename or reuse one.
    """


class AccountEvent(EventTag):
    """Events of accounts, which several packages record."""

    ACCOUNT_CHANGED = "account:changed"
    ACCOUNT_CLAIMED = "account:claimed"
    ACCOUNT_CREATED = "account:created"
    ACCOUNT_REGISTERED = "account:registered"
    ACCOUNT_DELETED = "account:deleted"
    ACCOUNT_DISABLED = "account:disabled"
    ACCOUNT_ENABLED = "account:enabled"
    EMAIL_CHANGE_REQUESTED = "email:change_requested"
    EMAIL_VERIFIED = "email:verified"
    PROFILE_CHANGED = "profile:changed"


MIN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a list contains: those that fulfil all conditions.

    Attributes:
        user_id: the user whose history they belong to; None for all users.
        actor: who caused them, as `ExportedEvent` names it; None for everyone.
        action: their name; None for all names.
        since: first time included.
        until: first time excluded.
    """

    user_id: int | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime = MIN_TIME
    until: datetime = MAX_TIME


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A stored event.

    Attributes:
        actor: who caused it, as `actors.py` names it; None if no caller was signed in.
        impersonator: who acted as the actor; None in events of this version.
    """

    id: int
    user_id: int | None
    action: str
    resource: str
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    actor: str | None
    impersonator: str | None
    created_at: datetime
