"""Queries on used values."""

from datetime import datetime

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.used_values.tables import UsedValueRow


@circuit_breaker(service=SERVICE)
async def insert(digest: str, *, kind: str, expires_at: datetime) -> bool:
    """Add a used value. Return False if it is stored already.

    On PostgreSQL the statement waits for another transaction that is adding the same value.
    """
    rows = await UsedValueRow.raw(
        "INSERT INTO used_values (digest, kind, expires_at) VALUES ({}, {}, {}) "
        "ON CONFLICT (digest) DO NOTHING RETURNING digest",
        digest,
        kind,
        expires_at,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def exists(digest: str) -> bool:
    """Return whether a used value is stored."""
    return bool(await UsedValueRow.raw("SELECT 1 AS found FROM used_values WHERE digest = {}", digest))
