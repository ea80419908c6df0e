"""Queries on accounts. Each is one statement; those on passwords are in `credentials_repository`."""

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.violations import UNIQUE_VIOLATIONS
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.tables import UserRow
from auth_api.users.user import USER_COLUMNS, User, first_user, user_from_row


@circuit_breaker(service=SERVICE)
async def insert(
    email: CanonicalEmail, username: CanonicalUsername, hashed_password: str, *, locale: str | None
) -> User | None:
    """Add an account. None if the address or the username is taken, also by somebody a moment faster."""
    rows = await UserRow.raw(
        "INSERT INTO users (email, username, hashed_password, locale, is_active, created_at, updated_at) "
        "SELECT {}, {}, {}, {}, true, now, now FROM (SELECT clock_timestamp() AS now) AS clock WHERE true "
        "ON CONFLICT DO NOTHING "
        f"RETURNING {USER_COLUMNS}",
        email,
        username,
        hashed_password,
        locale,
    )
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def email_is_taken(email: CanonicalEmail) -> bool:
    """Tell whether an account has this address."""
    return bool(await UserRow.exists().where(UserRow.email == email))


@circuit_breaker(service=SERVICE)
async def find(user_id: int) -> User | None:
    """Return the account of this id."""
    return first_user(await UserRow.raw(f"SELECT {USER_COLUMNS} FROM users WHERE id = {{}}", user_id))


@circuit_breaker(service=SERVICE)
async def find_by_email(email: CanonicalEmail) -> User | None:
    """Return the account that has this address."""
    return first_user(await UserRow.raw(f"SELECT {USER_COLUMNS} FROM users WHERE email = {{}}", email))


@circuit_breaker(service=SERVICE)
async def newest(limit: int) -> list[User]:
    """Return the accounts that were made last, newest first."""
    rows = await UserRow.raw(f"SELECT {USER_COLUMNS} FROM users ORDER BY id DESC LIMIT {{}}", limit)
    return [user_from_row(row) for row in rows]


@circuit_breaker(service=SERVICE)
async def rename(user_id: int, username: CanonicalUsername) -> User | None:
    """Change the username. None if the account is gone.

    Raises:
        DuplicateUsernameException: another account has it; the transaction cannot go on.
    """
    try:
        rows = await UserRow.raw(
            "UPDATE users SET username = {}, updated_at = clock_timestamp() WHERE id = {} "
            f"RETURNING {USER_COLUMNS}",
            username,
            user_id,
        )
    except UNIQUE_VIOLATIONS as error:
        raise DuplicateUsernameException from error
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def change_email(user_id: int, email: CanonicalEmail) -> User | None:
    """Give the account another address, which its owner has just proved to have. None if the account is gone.

    Raises:
        DuplicateEmailException: another account has it; the transaction cannot go on.
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
        raise DuplicateEmailException from error
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def mark_verified(user_id: int, email: CanonicalEmail) -> bool:
    """Note that the owner of this address has the account. False if it has another address, or that is noted."""
    rows = await UserRow.raw(
        "UPDATE users SET email_verified_at = clock_timestamp() "
        "WHERE id = {} AND email = {} AND email_verified_at IS NULL RETURNING id",
        user_id,
        email,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def delete_unverified(email: CanonicalEmail, *, unless: int) -> int | None:
    """Delete the account of this address whose owner never proved to have it, but not this one. Returns its id."""
    rows = await UserRow.raw(
        "DELETE FROM users WHERE email = {} AND email_verified_at IS NULL AND id <> {} RETURNING id", email, unless
    )
    return int(rows[0]["id"]) if rows else None


@circuit_breaker(service=SERVICE)
async def set_active(user_id: int, *, active: bool) -> User | None:
    """Enable or disable the account. None if it is gone, or already as wanted."""
    rows = await UserRow.raw(
        "UPDATE users SET is_active = {}, updated_at = clock_timestamp() WHERE id = {} AND is_active <> {} "
        f"RETURNING {USER_COLUMNS}",
        active,
        user_id,
        active,
    )
    return first_user(rows)


@circuit_breaker(service=SERVICE)
async def verify_once(user_id: int, email: str) -> bool:
    """Note that the account's address is its owner's. False if it was noted before, or it has another address."""
    rows = await UserRow.raw(
        "UPDATE users SET email_verified_at = clock_timestamp() "
        "WHERE id = {} AND email = {} AND email_verified_at IS NULL RETURNING id",
        user_id,
        email,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def remove(user_id: int) -> bool:
    """Delete the account with all that hangs on it, whatever its password."""
    return bool(await UserRow.raw("DELETE FROM users WHERE id = {} RETURNING id", user_id))
