"""Queries on accounts that see or replace a password's hash. Each is one statement."""

from typing import Final

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.tables import UserRow
from auth_api.users.user import USER_COLUMNS, Credentials, Row, User, first_user, user_from_row

_SELECT_CREDENTIALS: Final = f"SELECT {USER_COLUMNS}, hashed_password FROM users"


@circuit_breaker(service=SERVICE)
async def by_id(user_id: int) -> Credentials | None:
    """Return what proves the owner of this account."""
    return _credentials(await UserRow.raw(f"{_SELECT_CREDENTIALS} WHERE id = {{}}", user_id))


@circuit_breaker(service=SERVICE)
async def by_email(email: CanonicalEmail) -> Credentials | None:
    """Return what proves the owner of the account with this address."""
    return _credentials(await UserRow.raw(f"{_SELECT_CREDENTIALS} WHERE email = {{}}", email))


@circuit_breaker(service=SERVICE)
async def by_username(username: CanonicalUsername) -> Credentials | None:
    """Return what proves the owner of the account with this username."""
    return _credentials(await UserRow.raw(f"{_SELECT_CREDENTIALS} WHERE username = {{}}", username))


@circuit_breaker(service=SERVICE)
async def record_login(user_id: int, *, checked_hash: str, new_hash: str) -> User | None:
    """Move `last_login`, and store the password's new hash if it has one.

    None if meanwhile the account was disabled or deleted, or its password is no longer the one that was checked.
    """
    rows = await UserRow.raw(
        "UPDATE users SET last_login = clock_timestamp(), hashed_password = {} "
        "WHERE id = {} AND is_active AND hashed_password = {} "
        f"RETURNING {USER_COLUMNS}",
        new_hash,
        user_id,
        checked_hash,
    )
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def set_password(user_id: int, *, checked_hash: str, new_hash: str) -> User | None:
    """Replace the password. None if it is no longer the one that was checked, or the account is disabled or gone."""
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
    """Replace the password, whatever it was: its owner has proved to be that by the mailbox. None if it is gone."""
    return first_user(
        await UserRow.raw(
            "UPDATE users SET hashed_password = {}, updated_at = clock_timestamp() WHERE id = {} "
            f"RETURNING {USER_COLUMNS}",
            new_hash,
            user_id,
        )
    )


@circuit_breaker(service=SERVICE)
async def delete(user_id: int, *, checked_hash: str) -> bool:
    """Delete the account with all that hangs on it, if its password still is the one that was checked."""
    rows = await UserRow.raw(
        "DELETE FROM users WHERE id = {} AND hashed_password = {} RETURNING id", user_id, checked_hash
    )
    return bool(rows)


def _credentials(rows: list[Row]) -> Credentials | None:
    if not rows:
        return None
    row = rows[0]
    return Credentials(user=user_from_row(row), hashed_password=row["hashed_password"])
