"""The user as services pass it, and its parsing from a row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.users.profile import PROFILE_COLUMNS, Profile

Row = dict[str, Any]

USER_COLUMNS: Final = (
    "id, username, email, is_active, email_verified_at, created_at, updated_at, last_login, two_step_since, "
    "metadata, hashed_password <> '!' AS has_password, " + PROFILE_COLUMNS
)
"""The fields of `User` as columns of statements on table `users`: all that services need, not the password hash."""

HAS_ADMINISTRATIVE_ROLE: Final = (
    "EXISTS (SELECT 1 FROM user_roles JOIN roles ON roles.id = user_roles.role_id "
    "WHERE user_roles.user_id = users.id AND roles.is_administrative) AS has_administrative_role"
)
"""A column of statements that decide about a login or a proof of identity: whether `MFA_POLICY=admins` applies.

The statement that locks the user must read it, so it is here, although the tables belong to `roles`.
"""


class User(Profile, frozen=True, kw_only=True):
    """A user without the password. Times are aware and in UTC; `metadata` is the text of a JSON object.

    `has_password` tells whether any password is accepted: it may have been removed until a reset sets a new one. SQLite
    returns 0 or 1 for it.
    """

    id: int
    username: str
    email: str
    is_active: bool
    email_verified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    last_login: datetime | None
    two_step_since: datetime | None
    metadata: str | None
    has_password: bool


class AccountDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored about a user and needed only rarely."""

    subject: str | None
    locale: str | None
    two_step_since: datetime | None
    second_factor_failures: int
    webauthn_handle: str | None
    metadata: dict[str, Any] | None


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A user with the hash of the password. Stays inside the services."""

    user: User
    hashed_password: str
    has_administrative_role: bool

    @property
    def has_password(self) -> bool:
        """Whether any password is accepted: it may have been removed until a reset sets a new one."""
        return self.hashed_password != UNUSABLE_HASH

    def __repr__(self) -> str:
        """Return a text without the hash."""
        return f"Credentials({self.user.id})"


def user_from_row(row: Row) -> User:
    """Return the user in a row with `USER_COLUMNS`."""
    return User(**{name: row[name] for name in User.__struct_fields__})


def first_user(rows: Sequence[Row]) -> User | None:
    """Return the user in the first row, or None for an empty result."""
    return user_from_row(rows[0]) if rows else None
