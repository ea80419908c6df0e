"""Queries on identities."""

from typing import Final

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE

_COLUMNS: Final = "id, user_id, provider, email, linked_at, last_used_at"


@circuit_breaker(service=SERVICE)
async def find(issuer: str, subject: str) -> Identity | None:
    """Return the identity of a person, or None."""
    rows = await UserIdentityRow.raw(
        f"SELECT {_COLUMNS} FROM user_identities WHERE issuer = {{}} AND subject = {{}}", issuer, subject
    )
    return Identity(**rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def of_user(user_id: int) -> tuple[Identity, ...]:
    """Return the identities of a user, newest first."""
    rows = await UserIdentityRow.raw(
        f"SELECT {_COLUMNS} FROM user_identities WHERE user_id = {{}} ORDER BY id DESC", user_id
    )
    return tuple(Identity(**row) for row in rows)


@circuit_breaker(service=SERVICE)
async def insert(user_id: int, upstream: UpstreamIdentity) -> Identity | None:
    """Add an identity. Return None if it is linked already, to any user, also by a concurrent request."""
    rows = await UserIdentityRow.raw(
        "INSERT INTO user_identities "
        "(user_id, provider, issuer, subject, email, email_verified, linked_at, last_used_at) "
        "SELECT {}, {}, {}, {}, {}, {}, now, now FROM (SELECT clock_timestamp() AS now) AS clock WHERE true "
        f"ON CONFLICT (issuer, subject) DO NOTHING RETURNING {_COLUMNS}",
        user_id,
        upstream.provider,
        upstream.issuer,
        upstream.subject,
        upstream.email,
        upstream.is_email_proven,
    )
    return Identity(**rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def record_use(identity_id: int, user_id: int, upstream: UpstreamIdentity) -> bool:
    """Store the time of a use and what the provider states now. Return False if it is no longer linked to the user.

    The provider may have got another id in `PROVIDERS`.
    """
    rows = await UserIdentityRow.raw(
        "UPDATE user_identities SET last_used_at = clock_timestamp(), provider = {}, email = {}, email_verified = {} "
        "WHERE id = {} AND user_id = {} RETURNING id",
        upstream.provider,
        upstream.email,
        upstream.is_email_proven,
        identity_id,
        user_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def remove(identity_id: int, user_id: int) -> Identity | None:
    """Delete an identity of a user and return it; None if the user has none with this id."""
    rows = await UserIdentityRow.raw(
        f"DELETE FROM user_identities WHERE id = {{}} AND user_id = {{}} RETURNING {_COLUMNS}", identity_id, user_id
    )
    return Identity(**rows[0]) if rows else None
