"""Queries on API keys. A key is found by the digest of its text."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from auth_api.credentials.api_keys.api_key import ApiKey, KeyOwner, KeyStatus, NewKey, PresentedKey
from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW, as_datetime
from auth_api.kit.db.raw_sql import fetch_rows
from auth_api.roles.granted import GRANTED, Granted
from auth_api.users.user import USER_COLUMNS, user_from_row

_STATUS: Final = (
    "CASE WHEN revoked_at IS NOT NULL THEN 'revoked' "
    "WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'active' END AS status"
)

_COLUMNS: Final = (
    "id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, last_used_ip_address, " + _STATUS
)

_PRESENTED: Final = (
    f"SELECT {USER_COLUMNS}, {GRANTED} AS granted, key_id, token_hash, scopes, status, expires_at, service_account_id, "
    "account_is_active, clock_timestamp() AS now FROM (SELECT id AS key_id, token_hash, user_id, service_account_id, "
    f"scopes, expires_at, {_STATUS} FROM api_keys"
)
_WITH_OWNER: Final = (
    "AS presented LEFT JOIN users ON users.id = user_id LEFT JOIN "
    "(SELECT id AS account_id, is_active AS account_is_active FROM service_accounts) AS accounts "
    "ON account_id = service_account_id"
)

_IS_OF: Final = "(user_id = {} OR service_account_id = {})"
"""The condition for the keys of an owner; its parameters are `_ids`."""

_IS_LIVE: Final = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())"


@circuit_breaker(service=SERVICE)
async def insert(owner: KeyOwner, new: NewKey, *, token_hash: str, hint: str, created_by: str) -> ApiKey:
    """Add a key."""
    rows = await ApiKeyRow.raw(
        "INSERT INTO api_keys (user_id, service_account_id, name, token_hash, hint, scopes, created_by, created_at, "
        f"expires_at) VALUES ({{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, clock_timestamp(), {SECONDS_FROM_NOW}) "
        f"RETURNING {_COLUMNS}",
        owner.user_id,
        owner.service_account_id,
        new.name,
        token_hash,
        hint,
        " ".join(sorted(set(new.scopes))),
        created_by,
        new.lifetime.total_seconds() if new.lifetime is not None else None,
    )
    return _api_key(rows[0])


@circuit_breaker(service=SERVICE)
async def find_presented(token_hash: str) -> PresentedKey | None:
    """Return the key with this digest, in any state, with its owner."""
    rows = await fetch_rows(ApiKeyRow.raw(f"{_PRESENTED} WHERE token_hash = {{}}) {_WITH_OWNER}", token_hash))
    return _presented(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def find_all_presented(token_hashes: Sequence[str]) -> dict[str, PresentedKey]:
    """Return the keys with these digests, see `find_presented`. Only PostgreSQL accepts a list."""
    query = ApiKeyRow.raw(f"{_PRESENTED} WHERE token_hash = ANY({{}})) {_WITH_OWNER}", list(token_hashes))
    return {row["token_hash"]: _presented(row) for row in await fetch_rows(query)}


@circuit_breaker(service=SERVICE)
async def of_owner(owner: KeyOwner, *, before: int, limit: int) -> list[ApiKey]:
    """Return keys of an owner with ids below `before`, in any state, newest first."""
    rows = await ApiKeyRow.raw(
        f"SELECT {_COLUMNS} FROM api_keys WHERE {_IS_OF} AND id < {{}} ORDER BY id DESC LIMIT {{}}",
        *_ids(owner),
        before,
        limit,
    )
    return list(map(_api_key, rows))


@circuit_breaker(service=SERVICE)
async def find(owner: KeyOwner, key_id: int) -> ApiKey | None:
    """Return a key of an owner, in any state."""
    rows = await ApiKeyRow.raw(f"SELECT {_COLUMNS} FROM api_keys WHERE {_IS_OF} AND id = {{}}", *_ids(owner), key_id)
    return _api_key(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def live(owner: KeyOwner) -> list[ApiKey]:
    """Return the live keys of an owner, newest first."""
    rows = await ApiKeyRow.raw(
        f"SELECT {_COLUMNS} FROM api_keys WHERE {_IS_OF} AND {_IS_LIVE} ORDER BY id DESC", *_ids(owner)
    )
    return list(map(_api_key, rows))


@circuit_breaker(service=SERVICE)
async def is_scope(permission: str) -> bool:
    """Return whether a live key has a permission as one of its scopes. The name contains no wildcard of LIKE."""
    condition = f"% {permission} %"
    rows = await ApiKeyRow.raw(
        f"SELECT 1 AS one FROM api_keys WHERE ' ' || scopes || ' ' LIKE {{}} AND {_IS_LIVE} LIMIT 1", condition
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def revoke(owner: KeyOwner, key_id: int, *, reason: str) -> bool:
    """Revoke a live key of an owner. Return False if there is none with this id."""
    rows = await ApiKeyRow.raw(
        "UPDATE api_keys SET revoked_at = clock_timestamp(), revoked_reason = {} "
        f"WHERE {_IS_OF} AND id = {{}} AND {_IS_LIVE} RETURNING id",
        reason,
        *_ids(owner),
        key_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def revoke_all(owner: KeyOwner, *, reason: str) -> int:
    """Revoke the live keys of an owner, and return their number."""
    rows = await ApiKeyRow.raw(
        "UPDATE api_keys SET revoked_at = clock_timestamp(), revoked_reason = {} "
        f"WHERE {_IS_OF} AND {_IS_LIVE} RETURNING id",
        reason,
        *_ids(owner),
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def record_use(key_id: int, used_at: datetime, ip_address: str | None) -> None:
    """Store the last use of a key, unless a later one is stored."""
    await ApiKeyRow.raw(
        "UPDATE api_keys SET last_used_at = {}, last_used_ip_address = {} "
        "WHERE id = {} AND (last_used_at IS NULL OR last_used_at < {})",
        used_at,
        ip_address,
        key_id,
        used_at,
    )


def _ids(owner: KeyOwner) -> tuple[int | None, int | None]:
    return owner.user_id, owner.service_account_id


def _presented(row: Mapping[str, Any]) -> PresentedKey:
    user = user_from_row(dict(row)) if row["service_account_id"] is None else None
    return PresentedKey(
        id=row["key_id"],
        scopes=frozenset(row["scopes"].split()),
        status=KeyStatus(row["status"]),
        user=user,
        granted=Granted.parse(row["granted"]),
        service_account_id=row["service_account_id"],
        owner_is_active=bool(row["account_is_active"]) if user is None else user.is_active,
        expires_at=row["expires_at"],
        now=as_datetime(row["now"]),
    )


def _api_key(row: Mapping[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "status": KeyStatus(row["status"])})
