"""Queries on accounts. Each is one statement."""

from typing import Any

from auth_api.kit.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.violations import UNIQUE_VIOLATIONS
from auth_api.users.account import Account, Credentials
from auth_api.users.errors import DuplicateUsernameException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.tables import User

Row = dict[str, Any]


def account_of(row: Row) -> Account:
    """Read an account out of a row."""
    return Account(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        is_active=row["is_active"],
        email_verified_at=row["email_verified_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        last_login=row["last_login"],
    )


@circuit_breaker(service=SERVICE)
async def insert(email: CanonicalEmail, username: CanonicalUsername, hashed_password: str) -> Account | None:
    """Add an account. None if the address or the username is taken, also by somebody a moment faster."""
    rows = await User.raw(
        "INSERT INTO users (email, username, hashed_password, is_active, created_at, updated_at) "
        "SELECT {}, {}, {}, true, now, now FROM (SELECT clock_timestamp() AS now) AS clock WHERE true "
        "ON CONFLICT DO NOTHING "
        "RETURNING id, username, email, is_active, email_verified_at, created_at, updated_at, last_login",
        email,
        username,
        hashed_password,
    )
    return account_of(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def email_is_taken(email: CanonicalEmail) -> bool:
    """Tell whether an account has this address."""
    return bool(await User.exists().where(User.email == email))


@circuit_breaker(service=SERVICE)
async def credentials_by_id(user_id: int) -> Credentials | None:
    """Return what proves the owner of this account."""
    return _credentials(
        await User.raw(
            "SELECT id, username, email, is_active, email_verified_at, created_at, updated_at, last_login, "
            "hashed_password FROM users WHERE id = {}",
            user_id,
        )
    )


@circuit_breaker(service=SERVICE)
async def credentials_by_email(email: CanonicalEmail) -> Credentials | None:
    """Return what proves the owner of the account with this address."""
    return _credentials(
        await User.raw(
            "SELECT id, username, email, is_active, email_verified_at, created_at, updated_at, last_login, "
            "hashed_password FROM users WHERE email = {}",
            email,
        )
    )


@circuit_breaker(service=SERVICE)
async def credentials_by_username(username: CanonicalUsername) -> Credentials | None:
    """Return what proves the owner of the account with this username."""
    return _credentials(
        await User.raw(
            "SELECT id, username, email, is_active, email_verified_at, created_at, updated_at, last_login, "
            "hashed_password FROM users WHERE username = {}",
            username,
        )
    )


@circuit_breaker(service=SERVICE)
async def note_login(user_id: int, *, checked_hash: str, new_hash: str) -> Account | None:
    """Move `last_login`, and store the password's new hash if it has one.

    None if meanwhile the account was disabled or deleted, or its password is no longer the one that was checked.
    """
    rows = await User.raw(
        "UPDATE users SET last_login = clock_timestamp(), hashed_password = {} "
        "WHERE id = {} AND is_active AND hashed_password = {} "
        "RETURNING id, username, email, is_active, email_verified_at, created_at, updated_at, last_login",
        new_hash,
        user_id,
        checked_hash,
    )
    return account_of(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def rename(user_id: int, username: CanonicalUsername) -> Account | None:
    """Change the username. None if the account is gone.

    Raises:
        DuplicateUsernameException: another account has it; the transaction cannot go on.
    """
    try:
        rows = await User.raw(
            "UPDATE users SET username = {}, updated_at = clock_timestamp() WHERE id = {} "
            "RETURNING id, username, email, is_active, email_verified_at, created_at, updated_at, last_login",
            username,
            user_id,
        )
    except UNIQUE_VIOLATIONS as error:
        raise DuplicateUsernameException from error
    return account_of(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def set_password(user_id: int, *, checked_hash: str, new_hash: str) -> Account | None:
    """Replace the password. None if it is no longer the one that was checked, or the account is disabled or gone."""
    rows = await User.raw(
        "UPDATE users SET hashed_password = {}, updated_at = clock_timestamp() "
        "WHERE id = {} AND hashed_password = {} AND is_active "
        "RETURNING id, username, email, is_active, email_verified_at, created_at, updated_at, last_login",
        new_hash,
        user_id,
        checked_hash,
    )
    return account_of(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def set_active(user_id: int, *, active: bool) -> Account | None:
    """Enable or disable the account. None if it is gone, or already as wanted."""
    rows = await User.raw(
        "UPDATE users SET is_active = {}, updated_at = clock_timestamp() WHERE id = {} AND is_active <> {} "
        "RETURNING id, username, email, is_active, email_verified_at, created_at, updated_at, last_login",
        active,
        user_id,
        active,
    )
    return account_of(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def delete(user_id: int, *, checked_hash: str) -> bool:
    """Delete the account with all that hangs on it, if its password still is the one that was checked."""
    rows = await User.raw(
        "DELETE FROM users WHERE id = {} AND hashed_password = {} RETURNING id", user_id, checked_hash
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def newest(limit: int) -> list[Account]:
    """Return the accounts that were made last, newest first."""
    rows = await User.raw(
        "SELECT id, username, email, is_active, email_verified_at, created_at, updated_at, last_login "
        "FROM users ORDER BY id DESC LIMIT {}",
        limit,
    )
    return [account_of(row) for row in rows]


def _credentials(rows: list[Row]) -> Credentials | None:
    if not rows:
        return None
    return Credentials(account=account_of(rows[0]), hashed_password=rows[0]["hashed_password"])
