"""Queries on authenticator apps. Each claim is one conditional statement, so that one of several requests succeeds."""

from collections.abc import Sequence
from datetime import datetime

from auth_api.credentials.totp.factor import TotpFactor
from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import IN_IDS, SECONDS_FROM_NOW, id_set


@circuit_breaker(service=SERVICE)
async def find(user_id: int) -> TotpFactor | None:
    """Return the app of a user."""
    rows = await TotpFactorRow.raw(
        "SELECT sealed, confirmed_at, last_used_at FROM totp_factors WHERE user_id = {}", user_id
    )
    return TotpFactor(**rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def sealed_seeds(user_ids: Sequence[int]) -> dict[int, str]:
    """Return the sealed seed of the app of each of these users that has one."""
    rows = await TotpFactorRow.raw(f"SELECT user_id, sealed FROM totp_factors WHERE user_id {IN_IDS}", id_set(user_ids))
    return {row["user_id"]: row["sealed"] for row in rows}


@circuit_breaker(service=SERVICE)
async def claim_step(user_id: int, *, confirmed_at: datetime, step: int) -> bool:
    """Use up the code of a time step. Return False if it or a later one was used, or if the app was replaced.

    Args:
        user_id: the user.
        confirmed_at: the time of the confirmation of the app whose code it is.
        step: the time step.
    """
    rows = await TotpFactorRow.raw(
        "UPDATE totp_factors SET last_step = {}, last_used_at = clock_timestamp() "
        "WHERE user_id = {} AND confirmed_at = {} AND last_step < {} RETURNING id",
        step,
        user_id,
        confirmed_at,
        step,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def store(user_id: int, sealed: str, *, step: int) -> None:
    """Store a confirmed app in place of an earlier one. The time step of the code that confirmed it counts as used."""
    await TotpFactorRow.raw(
        "INSERT INTO totp_factors (user_id, sealed, last_step, confirmed_at) VALUES ({}, {}, {}, clock_timestamp()) "
        "ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, last_step = excluded.last_step, "
        "confirmed_at = excluded.confirmed_at, last_used_at = NULL",
        user_id,
        sealed,
        step,
    )


@circuit_breaker(service=SERVICE)
async def delete(user_id: int) -> bool:
    """Delete the app of a user. Return whether there was one."""
    return bool(await TotpFactorRow.raw("DELETE FROM totp_factors WHERE user_id = {} RETURNING id", user_id))


@circuit_breaker(service=SERVICE)
async def find_candidate(user_id: int) -> str | None:
    """Return the sealed seed of the app that a user is adding; None if there is none, or if it has expired."""
    rows = await TotpCandidateRow.raw(
        "SELECT sealed FROM totp_candidates WHERE user_id = {} AND expires_at > clock_timestamp()", user_id
    )
    return rows[0]["sealed"] if rows else None


@circuit_breaker(service=SERVICE)
async def store_candidate(user_id: int, sealed: str, *, lifetime: float) -> None:
    """Store the seed of an app that is being added, with a lifetime in seconds, in place of an earlier candidate."""
    await TotpCandidateRow.raw(
        f"INSERT INTO totp_candidates (user_id, sealed, expires_at) VALUES ({{}}, {{}}, {SECONDS_FROM_NOW}) "
        "ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at",
        user_id,
        sealed,
        lifetime,
    )


@circuit_breaker(service=SERVICE)
async def claim_candidate(user_id: int, sealed: str) -> bool:
    """Delete the candidate with this sealed seed. Return False if it is not the present one, or has expired."""
    rows = await TotpCandidateRow.raw(
        "DELETE FROM totp_candidates WHERE user_id = {} AND sealed = {} AND expires_at > clock_timestamp() "
        "RETURNING id",
        user_id,
        sealed,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def delete_candidate(user_id: int) -> None:
    """Delete the candidate of a user."""
    await TotpCandidateRow.raw("DELETE FROM totp_candidates WHERE user_id = {}", user_id)
