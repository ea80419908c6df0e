"""Queries on revoked subjects."""

from datetime import datetime

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.roles.revoked_subjects.revoked_subject import RevokedSubject
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow


@circuit_breaker(service=SERVICE)
async def upsert(user_id: int) -> None:
    """Store that the tokens of a user that were issued until now are refused."""
    await RevokedSubjectRow.raw(
        "INSERT INTO revoked_subjects (user_id, issued_before) VALUES ({}, clock_timestamp()) "
        "ON CONFLICT (user_id) DO UPDATE SET issued_before = excluded.issued_before",
        user_id,
    )


@circuit_breaker(service=SERVICE)
async def newest(*, since: datetime, limit: int) -> list[RevokedSubject]:
    """Return the subjects that were revoked at or after a time, newest first."""
    rows = await RevokedSubjectRow.raw(
        "SELECT user_id, issued_before FROM revoked_subjects WHERE issued_before >= {} "
        "ORDER BY issued_before DESC LIMIT {}",
        since,
        limit,
    )
    return [RevokedSubject(**row) for row in rows]
