"""What auth_api returns, as frozen dataclasses. Members that a later version adds are ignored."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class User:
    """A user, as the user sees the account."""

    id: int
    username: str
    email: str
    email_verified: bool
    is_active: bool
    has_password: bool
    display_name: str | None
    locale: str | None
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    last_login: datetime | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a session.

    Attributes:
        access_token: authenticates requests, for `expires_in` seconds. The repr does not show it.
        refresh_token: is exchanged for the next pair, once. The repr does not show it.
        expires_in: seconds from the receipt to the end of the access token.
        refresh_expires_in: seconds from the receipt to the end of the refresh token.
        received_at: when this machine received them, in seconds since 1970.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    refresh_expires_in: int
    received_at: float = field(default_factory=time.time)

    def to_json(self) -> str:
        """Return a text for a store. It contains the secrets: store it as carefully as a password."""
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the tokens of such a text."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A completed login.

    Attributes:
        tokens: those of the new session.
        user: who has logged in.
        acr: the level of the login: `aal1`, `aal2` or `phr`.
        amr: how the user logged in (RFC 8176).
        recovery_codes: new codes to show now, if the login added the first factor.
        recovery_codes_left: how many are left, after a login with one of them.
    """

    tokens: Tokens
    user: User
    acr: str
    amr: tuple[str, ...]
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)
    recovery_codes_left: int | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """The answer to a registration.

    Attributes:
        user: the new account; None if the server does not tell whether the address was free: a mail says more.
        tokens: those of the first session; None if the e-mail address must be verified first.
    """

    user: User | None = None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """A new access token of the same session, after a proof of identity. The refresh token stays valid."""

    access_token: str = field(repr=False)
    expires_in: int
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime
    recovery_codes_left: int | None = None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A device on which the user is logged in."""

    id: str
    current: bool
    device: str
    user_agent: str | None
    ip_address: str | None
    acr: str
    amr: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionList:
    """A page of the sessions; `next_cursor` leads to the next one, and is None on the last one."""

    items: tuple[SessionInfo, ...]
    next_cursor: str | None
