"""API keys as services pass them on."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from auth_api.kit.crypto.tokens import PERSONAL_API_KEY, SERVICE_API_KEY, SecretKind
from auth_api.roles.granted import Granted
from auth_api.roles.rights import Rights
from auth_api.users.user import User

PROFILE_READ: Final = "profile:read"
"""The permission to read the profile of the user whose key it is; it needs no role."""


class KeyStatus(StrEnum):
    """Whether a key works. The owner of an active key may be disabled nevertheless."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyOwner(msgspec.Struct, frozen=True):
    """The user or the service account that a key belongs to: one of the ids is None."""

    user_id: int | None = None
    service_account_id: int | None = None

    @property
    def kind(self) -> SecretKind:
        """The kind of the owner's keys."""
        return SERVICE_API_KEY if self.user_id is None else PERSONAL_API_KEY


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What the creator of a key chooses.

    Attributes:
        name: for lists.
        scopes: names of permissions, without duplicates.
        lifetime: None if the key never expires.
    """

    name: str
    scopes: tuple[str, ...]
    lifetime: timedelta | None


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A stored key, in any state, without its secret.

    Attributes:
        hint: its first four random characters.
        scopes: the names of its permissions, separated by spaces.
        created_by: an actor, see `events/audit/actors.py`.
        expires_at: None if it never expires.
    """

    id: int
    name: str
    hint: str
    scopes: str
    status: KeyStatus
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip_address: str | None


class CreatedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key and its secret, which is shown once."""

    key: ApiKey
    raw: str

    def __repr__(self) -> str:
        """Return a text without the secret."""
        return f"CreatedKey({self.key.id})"


class PresentedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that a client has sent, as the database knows it, and its owner.

    Attributes:
        user: the owner of a personal key, also if the account is disabled; None for a service key.
        granted: the roles of that owner.
        service_account_id: the owner of a service key.
        owner_is_active: whether the owner is enabled.
        expires_at: None if it never expires.
        now: the time at which all of it was read, by the database's clock.
    """

    id: int
    scopes: frozenset[str]
    status: KeyStatus
    user: User | None
    granted: Granted
    service_account_id: int | None
    owner_is_active: bool
    expires_at: datetime | None
    now: datetime

    @property
    def rights(self) -> Rights:
        """What the key may do: of a user's key, only what the user may do now, and to read the user's own profile."""
        if self.user is None:
            return Rights(self.scopes)
        return Rights.of(scope for scope in self.scopes if scope == PROFILE_READ or self.granted.rights.has(scope))
