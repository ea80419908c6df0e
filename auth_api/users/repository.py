"""Statements on table `users`.

Those that read or write a password hash are in `credentials_repository`, those about second factors in
`two_step_repository`.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from piccolo.querystring import QueryString

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.violations import UNIQUE_VIOLATIONS, is_duplicate
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.tables import UserRow
from auth_api.users.user import USER_COLUMNS, AccountDetails, User, first_user, user_from_row

_INSERT: Final = (
    "INSERT INTO users (email, username, hashed_password, locale, is_active, created_at, updated_at) "
    "SELECT {}, {}, {}, {}, true, now, now FROM (SELECT clock_timestamp() AS now) AS clock WHERE true"
)

_STORED_FIELDS: Final = [getattr(UserRow, name) for name in User.__struct_fields__ if name != "has_password"]


@circuit_breaker(service=SERVICE)
async def insert(
    email: CanonicalEmail, username: CanonicalUsername, hashed_password: str, *, locale: str | None
) -> User | None:
    """Insert a user. Return None if a unique value is taken, also by a concurrent request.

    Usually that is the e-mail address or the username; if it is neither, call `insert_or_fail`. PostgreSQL accepts only
    one column as the target of ON CONFLICT.
    """
    rows = await UserRow.raw(
        f"{_INSERT} ON CONFLICT DO NOTHING RETURNING {USER_COLUMNS}", email, username, hashed_password, locale
    )
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def insert_or_fail(
    email: CanonicalEmail, username: CanonicalUsername, hashed_password: str, *, locale: str | None
) -> User:
    """Insert a user whose e-mail address and username were not found.

    Raises:
        DuplicateEmailException: a concurrent request has just taken it; the transaction is aborted.
        DuplicateUsernameException: the same for the username.
        Exception: the database's error, which names the violated constraint.
    """
    try:
        rows = await UserRow.raw(f"{_INSERT} RETURNING {USER_COLUMNS}", email, username, hashed_password, locale)
    except UNIQUE_VIOLATIONS as error:
        if is_duplicate(error, "users", "email"):
            raise DuplicateEmailException from error
        if is_duplicate(error, "users", "username"):
            raise DuplicateUsernameException from error
        raise
    return user_from_row(rows[0])


@circuit_breaker(service=SERVICE)
async def find_taken(email: CanonicalEmail, username: CanonicalUsername) -> tuple[bool, bool]:
    """Return whether a user has this e-mail address, and whether a user has this username."""
    rows = await UserRow.raw(
        "SELECT EXISTS (SELECT 1 FROM users WHERE email = {}) AS has_email, "
        "EXISTS (SELECT 1 FROM users WHERE username = {}) AS has_username",
        email,
        username,
    )
    return bool(rows[0]["has_email"]), bool(rows[0]["has_username"])


@circuit_breaker(service=SERVICE)
async def find(user_id: int) -> User | None:
    """Return the user with this id, or None."""
    return first_user(await UserRow.raw(f"SELECT {USER_COLUMNS} FROM users WHERE id = {{}}", user_id))


@circuit_breaker(service=SERVICE)
async def find_details(user_id: int) -> AccountDetails | None:
    """Return the rarely needed columns of the user with this id, or None."""
    rows = await UserRow.raw(
        "SELECT subject, locale, two_step_since, second_factor_failures, webauthn_handle, metadata FROM users "
        "WHERE id = {}",
        user_id,
    )
    if not rows:
        return None
    row = rows[0]
    return AccountDetails(
        subject=str(row["subject"]) if row["subject"] is not None else None,
        locale=row["locale"],
        two_step_since=row["two_step_since"],
        second_factor_failures=row["second_factor_failures"] or 0,
        webauthn_handle=row["webauthn_handle"],
        metadata=msgspec.json.decode(row["metadata"]) if row["metadata"] is not None else None,
    )


@circuit_breaker(service=SERVICE)
async def find_by_email(email: CanonicalEmail) -> User | None:
    """Return the user with this e-mail address, or None."""
    return first_user(await UserRow.raw(f"SELECT {USER_COLUMNS} FROM users WHERE email = {{}}", email))


@circuit_breaker(service=SERVICE)
async def lock(user_id: int) -> User | None:
    """Lock the row of a user until the end of the transaction. Return the user, or None if there is none.

    The changed column is not a key, so inserts that refer to the user do not wait.
    """
    return first_user(
        await UserRow.raw(
            f"UPDATE users SET is_active = is_active WHERE id = {{}} RETURNING {USER_COLUMNS}",
            user_id,
        )
    )


@circuit_breaker(service=SERVICE)
async def lock_all() -> None:
    """Lock all users against changes until the end of the transaction. Only for PostgreSQL.

    Inserts that refer to a user do not wait.
    """
    await UserRow.raw("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")


@circuit_breaker(service=SERVICE)
async def change_profile(user_id: int, values: Mapping[str, Any]) -> User | None:
    """Change the username, fields of the profile and the metadata, by column. Return None if the user does not exist.

    Raises:
        DuplicateUsernameException: another user has the username; the transaction is aborted.
    """
    changes: dict[Any, Any] = {**values, UserRow.updated_at: QueryString("clock_timestamp()")}
    changed = UserRow.update(changes).where(UserRow.id == user_id)
    try:
        rows = await changed.returning(*_STORED_FIELDS, UserRow.hashed_password)
    except UNIQUE_VIOLATIONS as error:
        if is_duplicate(error, "users", "username"):
            raise DuplicateUsernameException from error
        raise
    return first_user([{**row, "has_password": row["hashed_password"] != UNUSABLE_HASH} for row in rows])


@circuit_breaker(service=SERVICE)
async def change_email(user_id: int, email: CanonicalEmail) -> User | None:
    """Change the e-mail address and mark it as verified. Return None if the user does not exist.

    Raises:
        DuplicateEmailException: another user has it; the transaction is aborted.
    """
    try:
        rows = await UserRow.raw(
            "UPDATE users SET email = {}, email_verified_at = clock_timestamp(), updated_at = clock_timestamp() "
            "WHERE id = {} "
            f"RETURNING {USER_COLUMNS}",
            email,
            user_id,
        )
    except UNIQUE_VIOLATIONS as error:
        if is_duplicate(error, "users", "email"):
            raise DuplicateEmailException from error
        raise
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def mark_verified(user_id: int, email: CanonicalEmail) -> bool:
    """Mark the e-mail address as verified. Return False if it already was, or if the user has another one."""
    rows = await UserRow.raw(
        "UPDATE users SET email_verified_at = clock_timestamp() "
        "WHERE id = {} AND email = {} AND email_verified_at IS NULL RETURNING id",
        user_id,
        email,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def set_active(user_id: int, *, active: bool) -> User | None:
    """Enable or disable the user. Return None if the user does not exist or already is in this state."""
    rows = await UserRow.raw(
        "UPDATE users SET is_active = {}, updated_at = clock_timestamp() WHERE id = {} AND is_active <> {} "
        f"RETURNING {USER_COLUMNS}",
        active,
        user_id,
        active,
    )
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def delete(user_id: int) -> bool:
    """Delete the user with all dependent rows. Return False if there is none."""
    return bool(await UserRow.raw("DELETE FROM users WHERE id = {} RETURNING id", user_id))
