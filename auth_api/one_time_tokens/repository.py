"""Queries on one-time tokens."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from piccolo.querystring import QueryString

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant, TokenRecord
from auth_api.one_time_tokens.tables import OneTimeTokenRow

_GRANT_COLUMNS: Final = "id, user_id, purpose, payload"

_IS_USABLE: Final = "token_hash = {} AND used_at IS NULL AND expires_at > clock_timestamp()"
"""The condition for the one unused, unexpired token with this digest."""


@circuit_breaker(service=SERVICE)
async def insert(
    token_hash: str, purpose: Purpose, *, user_id: int | None, payload: dict[str, object], lifetime: float
) -> int:
    """Add an unused token with a lifetime in seconds, and return its id."""
    rows = await OneTimeTokenRow.raw(
        "INSERT INTO one_time_tokens (user_id, purpose, token_hash, payload, expires_at, created_at) "
        "SELECT {}, {}, {}, {}, timestamptz_pl_interval(now, make_interval(0, 0, 0, 0, 0, 0, {})), now "
        "FROM (SELECT clock_timestamp() AS now) AS clock RETURNING id",
        user_id,
        purpose.value,
        token_hash,
        msgspec.json.encode(payload).decode(),
        lifetime,
    )
    return int(rows[0]["id"])


@circuit_breaker(service=SERVICE)
async def replace_hash(token_id: int, token_hash: str, *, lifetime: float) -> bool:
    """Give an unused token another digest and a new lifetime in seconds. Return False if it is used or deleted."""
    rows = await OneTimeTokenRow.raw(
        "UPDATE one_time_tokens SET token_hash = {}, "
        f"expires_at = {SECONDS_FROM_NOW} "
        "WHERE id = {} AND used_at IS NULL RETURNING id",
        token_hash,
        lifetime,
        token_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def exists(token_hash: str) -> bool:
    """Return whether a token with this digest is stored, usable or not."""
    return bool(await OneTimeTokenRow.raw("SELECT id FROM one_time_tokens WHERE token_hash = {}", token_hash))


@circuit_breaker(service=SERVICE)
async def extend(token_hash: str, *, lifetime: float) -> bool:
    """Give an unused token a new lifetime in seconds. Return False if it is used."""
    rows = await OneTimeTokenRow.raw(
        f"UPDATE one_time_tokens SET expires_at = {SECONDS_FROM_NOW} "
        "WHERE token_hash = {} AND used_at IS NULL RETURNING id",
        lifetime,
        token_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def delete(token_id: int) -> None:
    """Delete a token."""
    await OneTimeTokenRow.raw("DELETE FROM one_time_tokens WHERE id = {}", token_id)


@circuit_breaker(service=SERVICE)
async def find(token_hash: str) -> TokenGrant | None:
    """Return the grant of a token that is unused and not expired."""
    return _grant(
        await OneTimeTokenRow.raw(
            f"SELECT {_GRANT_COLUMNS} FROM one_time_tokens WHERE {_IS_USABLE}",
            token_hash,
        )
    )


@circuit_breaker(service=SERVICE)
async def redeem(token_hash: str, purpose: Purpose) -> TokenGrant | None:
    """Mark a token used and return its grant: of any number of concurrent callers, only one gets it."""
    return _grant(
        await OneTimeTokenRow.raw(
            f"UPDATE one_time_tokens SET used_at = clock_timestamp() "
            f"WHERE {_IS_USABLE} AND purpose = {{}} RETURNING {_GRANT_COLUMNS}",
            token_hash,
            purpose.value,
        )
    )


@circuit_breaker(service=SERVICE)
async def redeem_and_delete(token_hash: str, purpose: Purpose) -> TokenGrant | None:
    """Delete a token and return its grant: of any number of concurrent callers, only one gets it."""
    return _grant(
        await OneTimeTokenRow.raw(
            f"DELETE FROM one_time_tokens WHERE {_IS_USABLE} AND purpose = {{}} RETURNING {_GRANT_COLUMNS}",
            token_hash,
            purpose.value,
        )
    )


@circuit_breaker(service=SERVICE)
async def delete_staged(purpose: Purpose, email: str) -> None:
    """Delete the tokens for an e-mail address that belong to no user."""
    await OneTimeTokenRow.raw(
        "DELETE FROM one_time_tokens "
        "WHERE user_id IS NULL AND purpose = {} AND json_extract_path_text(payload, 'email') = {}",
        purpose.value,
        email,
    )


@circuit_breaker(service=SERVICE)
async def revoke_purpose(user_id: int, purpose: Purpose) -> None:
    """Mark all unused tokens of a user for one purpose as used."""
    await OneTimeTokenRow.raw(
        "UPDATE one_time_tokens SET used_at = clock_timestamp() "
        "WHERE user_id = {} AND purpose = {} AND used_at IS NULL",
        user_id,
        purpose.value,
    )


@circuit_breaker(service=SERVICE)
async def revoke_all(user_id: int, *, kept_purposes: Sequence[Purpose]) -> None:
    """Mark all unused tokens of a user as used, except those for the purposes to keep."""
    revoked = (OneTimeTokenRow.user_id == user_id) & OneTimeTokenRow.used_at.is_null()
    if kept_purposes:
        revoked &= OneTimeTokenRow.purpose.not_in(list(kept_purposes))
    await OneTimeTokenRow.update({OneTimeTokenRow.used_at: QueryString("clock_timestamp()")}).where(revoked)


@circuit_breaker(service=SERVICE)
async def list_records(user_id: int, *, limit: int) -> list[TokenRecord]:
    """Return the tokens of a user, newest first."""
    rows = await OneTimeTokenRow.raw(
        "SELECT purpose, created_at, expires_at, used_at FROM one_time_tokens "
        "WHERE user_id = {} ORDER BY id DESC LIMIT {}",
        user_id,
        limit,
    )
    return [TokenRecord(**row) for row in rows]


def _grant(rows: list[dict[str, Any]]) -> TokenGrant | None:
    if not rows:
        return None
    row = rows[0]
    payload: dict[str, Any] = msgspec.json.decode(row["payload"] or "{}")
    return TokenGrant(id=row["id"], user_id=row["user_id"], purpose=row["purpose"], payload=payload)
