"""Statements on the columns of table `users` about second factors."""

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.users.tables import UserRow
from auth_api.users.user import USER_COLUMNS, User, first_user


@circuit_breaker(service=SERVICE)
async def count_second_factor_failure(user_id: int, *, maximum: int) -> int:
    """Count a wrong second factor, and return the new count: 1 after `maximum`, and 0 if the user does not exist."""
    rows = await UserRow.raw(
        "UPDATE users SET second_factor_failures = CASE WHEN second_factor_failures < {} "
        "THEN second_factor_failures + 1 ELSE 1 END WHERE id = {} RETURNING second_factor_failures",
        maximum,
        user_id,
    )
    return int(rows[0]["second_factor_failures"]) if rows else 0


@circuit_breaker(service=SERVICE)
async def enable_two_step(user_id: int) -> User | None:
    """Switch two-step login on. Return None if it already is, or if the user does not exist."""
    return first_user(
        await UserRow.raw(
            "UPDATE users SET two_step_since = clock_timestamp() WHERE id = {} AND two_step_since IS NULL "
            f"RETURNING {USER_COLUMNS}",
            user_id,
        )
    )


@circuit_breaker(service=SERVICE)
async def disable_two_step(user_id: int) -> User | None:
    """Switch two-step login off. Return None if it already is, or if the user does not exist."""
    return first_user(
        await UserRow.raw(
            "UPDATE users SET two_step_since = NULL WHERE id = {} AND two_step_since IS NOT NULL "
            f"RETURNING {USER_COLUMNS}",
            user_id,
        )
    )


@circuit_breaker(service=SERVICE)
async def forget_second_factor_failures(user_id: int) -> None:
    """Forget the wrong second factors of a user, whose row stays locked until the end of the transaction."""
    await UserRow.raw("UPDATE users SET second_factor_failures = NULL WHERE id = {}", user_id)


@circuit_breaker(service=SERVICE)
async def webauthn_handle(user_id: int, *, proposed: str) -> str | None:
    """Return the handle by which authenticators know the user: the proposed one if there was none before.

    Return None if the user does not exist.
    """
    rows = await UserRow.raw(
        "UPDATE users SET webauthn_handle = coalesce(webauthn_handle, {}) WHERE id = {} RETURNING webauthn_handle",
        proposed,
        user_id,
    )
    return str(rows[0]["webauthn_handle"]) if rows else None
