"""Queries on recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from auth_api.credentials.recovery_codes.code_set import RecoveryCodeSet
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE

_TEN_HASHES: Final = "VALUES ({}), ({}), ({}), ({}), ({}), ({}), ({}), ({}), ({}), ({})"
"""One for each of `CODES_PER_USER`. Both databases name the column `column1`."""


@circuit_breaker(service=SERVICE)
async def insert(user_id: int, hashes: Sequence[str]) -> datetime:
    """Add a set of `CODES_PER_USER` codes in one statement, and return its time."""
    rows = await RecoveryCodeRow.raw(
        "INSERT INTO recovery_codes (user_id, code_hash, created_at) "
        f"SELECT {{}}, column1, now FROM ({_TEN_HASHES}) AS codes, "
        "(SELECT clock_timestamp() AS now) AS clock RETURNING created_at",
        user_id,
        *hashes,
    )
    created_at: datetime = rows[0]["created_at"]
    return created_at


@circuit_breaker(service=SERVICE)
async def claim(user_id: int, code_hash: str) -> bool:
    """Mark an unused code as used. Return False if the user has no such code."""
    rows = await RecoveryCodeRow.raw(
        "UPDATE recovery_codes SET used_at = clock_timestamp() "
        "WHERE user_id = {} AND code_hash = {} AND used_at IS NULL RETURNING id",
        user_id,
        code_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def find_set(user_id: int) -> RecoveryCodeSet | None:
    """Return what is known about the codes of a user; None if there are none."""
    rows = await RecoveryCodeRow.raw(
        "SELECT created_at, used_at IS NULL AS is_unused FROM recovery_codes WHERE user_id = {}", user_id
    )
    if not rows:
        return None
    return RecoveryCodeSet(left=sum(bool(row["is_unused"]) for row in rows), created_at=rows[0]["created_at"])


@circuit_breaker(service=SERVICE)
async def delete_all(user_id: int) -> int:
    """Delete all codes of a user, and return their number."""
    return len(await RecoveryCodeRow.raw("DELETE FROM recovery_codes WHERE user_id = {} RETURNING id", user_id))
