"""Statements on table `users` that read or write a password hash."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import as_datetime
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.tables import UserRow
from auth_api.users.user import (
    HAS_ADMINISTRATIVE_ROLE,
    USER_COLUMNS,
    Credentials,
    Row,
    User,
    first_user,
    user_from_row,
)


class RecordedLogin(NamedTuple):
    """A user whose row is locked until the end of the transaction, and the time of the proof of identity."""

    user: User
    at: datetime
    has_administrative_role: bool


_SELECT_CREDENTIALS: Final = f"SELECT {USER_COLUMNS}, hashed_password, {HAS_ADMINISTRATIVE_ROLE} FROM users"

_IS_LOGGED_IN: Final = "two_step_since IS NULL AND NOT {}"


@circuit_breaker(service=SERVICE)
async def by_id(user_id: int) -> Credentials | None:
    """Return the credentials of the user with this id, or None."""
    return _credentials(await UserRow.raw(f"{_SELECT_CREDENTIALS} WHERE id = {{}}", user_id))


@circuit_breaker(service=SERVICE)
async def by_email(email: CanonicalEmail) -> Credentials | None:
    """Return the credentials of the user with this e-mail address, or None."""
    return _credentials(await UserRow.raw(f"{_SELECT_CREDENTIALS} WHERE email = {{}}", email))


@circuit_breaker(service=SERVICE)
async def by_username(username: CanonicalUsername) -> Credentials | None:
    """Return the credentials of the user with this username, or None."""
    return _credentials(await UserRow.raw(f"{_SELECT_CREDENTIALS} WHERE username = {{}}", username))


@circuit_breaker(service=SERVICE)
async def record_password_login(
    user_id: int, *, checked_hash: str, new_hash: str, is_first_step: bool
) -> RecordedLogin | None:
    """Store the password's new hash, and set `last_login` to the present unless a second step follows.

    One does for users with two-step login, and with `is_first_step` for every user.

    Return None and change nothing if the user has been deleted, or the password hash is no longer `checked_hash`.
    """
    rows = await UserRow.raw(
        f"UPDATE users SET last_login = CASE WHEN {_IS_LOGGED_IN} THEN clock_timestamp() ELSE last_login END, "
        "hashed_password = {} WHERE id = {} AND hashed_password = {} "
        f"RETURNING {USER_COLUMNS}, {HAS_ADMINISTRATIVE_ROLE}, "
        f"CASE WHEN {_IS_LOGGED_IN} THEN last_login ELSE clock_timestamp() END AS recorded_at",
        is_first_step,
        new_hash,
        user_id,
        checked_hash,
        is_first_step,
    )
    return _recorded_login(rows)


@circuit_breaker(service=SERVICE)
async def record_first_factor(user_id: int, *, is_first_step: bool) -> RecordedLogin | None:
    """Set `last_login` to the present unless a second step follows, see `record_password_login`.

    Return None if the user does not exist.
    """
    rows = await UserRow.raw(
        f"UPDATE users SET last_login = CASE WHEN {_IS_LOGGED_IN} THEN clock_timestamp() ELSE last_login END "
        f"WHERE id = {{}} RETURNING {USER_COLUMNS}, {HAS_ADMINISTRATIVE_ROLE}, clock_timestamp() AS recorded_at",
        is_first_step,
        user_id,
    )
    return _recorded_login(rows)


@circuit_breaker(service=SERVICE)
async def record_login(user_id: int) -> RecordedLogin | None:
    """Set `last_login` to the present, and forget wrong second factors. Return None if the user does not exist."""
    rows = await UserRow.raw(
        "UPDATE users SET last_login = clock_timestamp(), second_factor_failures = NULL WHERE id = {} "
        f"RETURNING {USER_COLUMNS}, {HAS_ADMINISTRATIVE_ROLE}, last_login AS recorded_at",
        user_id,
    )
    return _recorded_login(rows)


def _recorded_login(rows: Sequence[Row]) -> RecordedLogin | None:
    if not rows:
        return None
    row = rows[0]
    return RecordedLogin(user_from_row(row), as_datetime(row["recorded_at"]), bool(row["has_administrative_role"]))


@circuit_breaker(service=SERVICE)
async def set_password(user_id: int, *, checked_hash: str, new_hash: str) -> User | None:
    """Replace the password hash.

    Return None and change nothing if the user has been disabled or deleted, or the hash is no longer `checked_hash`.
    """
    rows = await UserRow.raw(
        "UPDATE users SET hashed_password = {}, updated_at = clock_timestamp() "
        "WHERE id = {} AND hashed_password = {} AND is_active "
        f"RETURNING {USER_COLUMNS}",
        new_hash,
        user_id,
        checked_hash,
    )
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def replace_password(user_id: int, new_hash: str) -> User | None:
    """Replace the password hash without comparing the current one. Return None if the user does not exist."""
    return first_user(
        await UserRow.raw(
            "UPDATE users SET hashed_password = {}, updated_at = clock_timestamp() WHERE id = {} "
            f"RETURNING {USER_COLUMNS}",
            new_hash,
            user_id,
        )
    )


def _credentials(rows: list[Row]) -> Credentials | None:
    if not rows:
        return None
    row = rows[0]
    return Credentials(
        user=user_from_row(row),
        hashed_password=row["hashed_password"],
        has_administrative_role=bool(row["has_administrative_role"]),
    )
