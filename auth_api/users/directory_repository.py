"""Statements that return some of the users. None of them reads more rows than it returns."""

from collections.abc import Sequence
from typing import Final

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import IN_IDS, id_set
from auth_api.users.tables import UserRow
from auth_api.users.user import USER_COLUMNS, Row, User, user_from_row

_SELECT: Final = f"SELECT {USER_COLUMNS} FROM users"
_NEWEST: Final = "id < {} ORDER BY id DESC LIMIT {}"


@circuit_breaker(service=SERVICE)
async def newest(*, before: int, limit: int) -> list[User]:
    """Return users with ids below `before`, newest first."""
    return _users(await UserRow.raw(f"{_SELECT} WHERE {_NEWEST}", before, limit))


@circuit_breaker(service=SERVICE)
async def newest_disabled(*, before: int, limit: int) -> list[User]:
    """Return disabled users with ids below `before`, newest first."""
    return _users(await UserRow.raw(f"{_SELECT} WHERE NOT is_active AND {_NEWEST}", before, limit))


@circuit_breaker(service=SERVICE)
async def newest_unverified(*, before: int, limit: int) -> list[User]:
    """Return users whose e-mail address is not verified, with ids below `before`, newest first."""
    return _users(await UserRow.raw(f"{_SELECT} WHERE email_verified_at IS NULL AND {_NEWEST}", before, limit))


@circuit_breaker(service=SERVICE)
async def with_ids(ids: Sequence[int]) -> list[User]:
    """Return the users that have these ids, newest first."""
    return _users(await UserRow.raw(f"{_SELECT} WHERE id {IN_IDS} ORDER BY id DESC", id_set(ids)))


@circuit_breaker(service=SERVICE)
async def by_username(from_: str, before: str, *, limit: int, sorts_by_language: bool) -> list[User]:
    """Return users with usernames from `from_` to before `before`, in the order of their bytes.

    Args:
        from_: the first username.
        before: the first username that is not included.
        limit: maximum number of users.
        sorts_by_language: whether the operators that compare bytes have names of their own.
    """
    if sorts_by_language:
        return _users(
            await UserRow.raw(
                f"{_SELECT} WHERE username ~>=~ {{}} AND username ~<~ {{}} ORDER BY username USING ~<~ LIMIT {{}}",
                from_,
                before,
                limit,
            )
        )
    return _users(
        await UserRow.raw(
            f"{_SELECT} WHERE username >= {{}} AND username < {{}} ORDER BY username LIMIT {{}}", from_, before, limit
        )
    )


@circuit_breaker(service=SERVICE)
async def by_email(from_: str, before: str, *, limit: int, sorts_by_language: bool) -> list[User]:
    """Return users with e-mail addresses from `from_` to before `before`; see `by_username`."""
    if sorts_by_language:
        return _users(
            await UserRow.raw(
                f"{_SELECT} WHERE email ~>=~ {{}} AND email ~<~ {{}} ORDER BY email USING ~<~ LIMIT {{}}",
                from_,
                before,
                limit,
            )
        )
    return _users(
        await UserRow.raw(
            f"{_SELECT} WHERE email >= {{}} AND email < {{}} ORDER BY email LIMIT {{}}", from_, before, limit
        )
    )


def _users(rows: Sequence[Row]) -> list[User]:
    return [user_from_row(row) for row in rows]
