"""Changes of what a session has proved about the identity of its user."""

from uuid import UUID

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import as_datetime
from auth_api.sessions.claims import FACTS, Claims
from auth_api.sessions.opened import ProvedSession
from auth_api.sessions.repository import NO_SESSION_ID
from auth_api.sessions.tables import SessionRow


@circuit_breaker(service=SERVICE)
async def record_proof(session_id: UUID, user_id: int, method: str, *, is_second_factor: bool) -> ProvedSession | None:
    """Make a method the last one that a live session has proved, now. Return None if the session has ended.

    A proof by another method than a second factor takes the level of an earlier second factor away.

    Args:
        session_id: the session.
        user_id: its user.
        method: the method, for the claim `amr`.
        is_second_factor: whether the proof raises the level.
    """
    rows = await SessionRow.raw(
        "UPDATE sessions SET amr = ltrim(replace(' ' || amr || ' ', {}, ' ') || {}), auth_time = clock.now, "
        "mfa_at = CASE WHEN {} THEN clock.now END FROM (SELECT clock_timestamp() AS now) AS clock "
        "WHERE id = {} AND user_id = {} AND ended_at IS NULL "
        f"RETURNING amr, auth_time, mfa_at, expires_at, {FACTS}",
        f" {method} ",
        method,
        is_second_factor,
        session_id,
        user_id,
    )
    if not rows:
        return None
    row = rows[0]
    now = as_datetime(row["auth_time"])
    claims = Claims.of_session(
        user_id=user_id,
        session_id=session_id,
        amr=row["amr"],
        auth_time=now,
        mfa_at=now if is_second_factor else None,
        facts=row,
        now=now,
    )
    return ProvedSession(claims=claims, expires_in=as_datetime(row["expires_at"]) - now)


@circuit_breaker(service=SERVICE)
async def forget_second_factors(user_id: int, *, kept_session_id: UUID | None) -> None:
    """Take the level of a second factor from the sessions of a user, except one. They and their methods stay."""
    await SessionRow.raw(
        "UPDATE sessions SET mfa_at = NULL WHERE user_id = {} AND mfa_at IS NOT NULL AND id <> {}",
        user_id,
        kept_session_id or NO_SESSION_ID,
    )


@circuit_breaker(service=SERVICE)
async def identity_of(session_id: UUID) -> int | None:
    """Return the identity that opened a session; None if none did."""
    rows = await SessionRow.raw("SELECT identity_id FROM sessions WHERE id = {}", session_id)
    return rows[0]["identity_id"] if rows else None
