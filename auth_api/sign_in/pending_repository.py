"""Queries on logins that wait for a second factor."""

from typing import Any, Final

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.kit.request_context import RequestContext
from auth_api.sign_in.pending_login import PendingLogin, PendingPurpose
from auth_api.sign_in.proof import Proof
from auth_api.sign_in.tables import PendingLoginRow

_IS_PENDING: Final = "ended_at IS NULL AND expires_at > clock_timestamp()"

_COLUMNS: Final = "id, user_id, purpose, amr, auth_time, attempts, identity_id"


@circuit_breaker(service=SERVICE)
async def insert(
    proof: Proof, *, token_hash: str, purpose: PendingPurpose, lifetime: float, request_context: RequestContext
) -> None:
    """Add a pending login with a lifetime in seconds, to which the digest of its token belongs."""
    await PendingLoginRow.raw(
        "INSERT INTO pending_logins "
        "(user_id, token_hash, purpose, amr, auth_time, attempts, expires_at, created_at, ip_address, user_agent, "
        "identity_id) "
        f"VALUES ({{}}, {{}}, {{}}, {{}}, {{}}, 0, {SECONDS_FROM_NOW}, clock_timestamp(), {{}}, {{}}, {{}})",
        proof.user.id,
        token_hash,
        purpose.value,
        " ".join(proof.methods),
        proof.auth_time,
        lifetime,
        request_context.client_ip,
        request_context.user_agent,
        proof.identity_id,
    )


@circuit_breaker(service=SERVICE)
async def find(token_hash: str, purpose: PendingPurpose, *, max_attempts: int) -> PendingLogin | None:
    """Return the login that is pending for the token with this digest; None if no guess is left."""
    rows = await PendingLoginRow.raw(
        f"SELECT {_COLUMNS} FROM pending_logins WHERE token_hash = {{}} AND purpose = {{}} AND attempts < {{}} "
        f"AND {_IS_PENDING}",
        token_hash,
        purpose.value,
        max_attempts,
    )
    return _pending_login(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def count_attempt(pending_id: int, *, maximum: int) -> int | None:
    """Count a guess. Return the number of guesses, this one included; None if the login ended or had `maximum`."""
    rows = await PendingLoginRow.raw(
        "UPDATE pending_logins SET attempts = attempts + 1 "
        f"WHERE id = {{}} AND attempts < {{}} AND {_IS_PENDING} RETURNING attempts",
        pending_id,
        maximum,
    )
    return int(rows[0]["attempts"]) if rows else None


@circuit_breaker(service=SERVICE)
async def claim(pending_id: int) -> bool:
    """End a pending login: of any number of concurrent callers, only one gets True."""
    rows = await PendingLoginRow.raw(
        f"UPDATE pending_logins SET ended_at = clock_timestamp() WHERE id = {{}} AND {_IS_PENDING} RETURNING id",
        pending_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def end_all(user_id: int) -> None:
    """End all pending logins of a user."""
    await PendingLoginRow.raw(
        "UPDATE pending_logins SET ended_at = clock_timestamp() WHERE user_id = {} AND ended_at IS NULL", user_id
    )


def _pending_login(row: dict[str, Any]) -> PendingLogin:
    return PendingLogin(
        id=row["id"],
        user_id=row["user_id"],
        methods=tuple(row["amr"].split()),
        auth_time=row["auth_time"],
        attempts=row["attempts"],
        identity_id=row["identity_id"],
    )
