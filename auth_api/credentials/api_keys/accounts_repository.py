"""Queries on service accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from auth_api.credentials.api_keys.service_account import ServiceAccount
from auth_api.credentials.api_keys.tables import ServiceAccountRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE

_ACCOUNTS: Final = (
    "SELECT account.id, account.name, description, is_active, account.created_by, account.created_at, updated_at, "
    "scopes FROM"
)

_WITH_KEYS: Final = (
    "AS account LEFT JOIN api_keys ON service_account_id = account.id AND revoked_at IS NULL "
    "AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY account.id DESC"
)


@circuit_breaker(service=SERVICE)
async def insert(name: str, description: str, *, created_by: str) -> int | None:
    """Add a service account and return its id; None if the name is taken."""
    rows = await ServiceAccountRow.raw(
        "INSERT INTO service_accounts (name, description, is_active, created_by, created_at, updated_at) "
        "VALUES ({}, {}, true, {}, clock_timestamp(), clock_timestamp()) ON CONFLICT (name) DO NOTHING RETURNING id",
        name,
        description,
        created_by,
    )
    return int(rows[0]["id"]) if rows else None


@circuit_breaker(service=SERVICE)
async def page(*, before: int, limit: int) -> list[ServiceAccount]:
    """Return service accounts with ids below `before`, newest first."""
    return _accounts(
        await ServiceAccountRow.raw(
            f"{_ACCOUNTS} (SELECT * FROM service_accounts WHERE id < {{}} ORDER BY id DESC LIMIT {{}}) {_WITH_KEYS}",
            before,
            limit,
        )
    )


@circuit_breaker(service=SERVICE)
async def find(account_id: int) -> ServiceAccount | None:
    """Return a service account."""
    rows = await ServiceAccountRow.raw(
        f"{_ACCOUNTS} (SELECT * FROM service_accounts WHERE id = {{}}) {_WITH_KEYS}", account_id
    )
    return next(iter(_accounts(rows)), None)


@circuit_breaker(service=SERVICE)
async def find_by_name(name: str) -> ServiceAccount | None:
    """Return the service account with this name."""
    rows = await ServiceAccountRow.raw(
        f"{_ACCOUNTS} (SELECT * FROM service_accounts WHERE name = {{}}) {_WITH_KEYS}", name
    )
    return next(iter(_accounts(rows)), None)


@circuit_breaker(service=SERVICE)
async def count() -> int:
    """Return the number of service accounts."""
    return int((await ServiceAccountRow.raw("SELECT count(*) AS number FROM service_accounts"))[0]["number"])


@circuit_breaker(service=SERVICE)
async def lock(account_id: int) -> None:
    """Lock a service account until the end of the transaction."""
    await ServiceAccountRow.raw("UPDATE service_accounts SET is_active = is_active WHERE id = {}", account_id)


@circuit_breaker(service=SERVICE)
async def change(account_id: int, *, description: str, is_active: bool) -> None:
    """Change a service account that this transaction has locked."""
    await ServiceAccountRow.raw(
        "UPDATE service_accounts SET description = {}, is_active = {}, updated_at = clock_timestamp() WHERE id = {}",
        description,
        is_active,
        account_id,
    )


@circuit_breaker(service=SERVICE)
async def delete(account_id: int) -> None:
    """Delete a service account with its keys."""
    await ServiceAccountRow.raw("DELETE FROM service_accounts WHERE id = {}", account_id)


def _accounts(rows: Sequence[Mapping[str, Any]]) -> list[ServiceAccount]:
    """Return the service accounts of rows that have one live key each, in their order."""
    found: dict[int, ServiceAccount] = {}
    for row in rows:
        columns = dict(row)
        scopes = frozenset((columns.pop("scopes") or "").split())
        earlier = found.get(row["id"])
        found[row["id"]] = ServiceAccount(**columns, scopes=scopes | earlier.scopes if earlier is not None else scopes)
    return list(found.values())
