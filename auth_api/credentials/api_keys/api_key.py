"""API keys as services pass them on."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from auth_api.kit.crypto.tokens import PERSONAL_API_KEY, SERVICE_API_KEY, SecretKind
from auth_api.users.user import User


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
        user: the owner of a personal key, also if the account is disabled.
        service_account_id: the owner of a service key.
        owner_is_active: whether the owner is enabled.
        expires_at: None if it never expires.
    """

    id: int
    scopes: frozenset[str]
    status: KeyStatus
    owner_is_active: bool
    user: User | None
    service_account_id: int | None
    expires_at: datetime | None
