"""Queries on consents."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import as_datetime
from auth_api.oauth.consents.consent import Consent, ListedConsent
from auth_api.oauth.consents.tables import OAuthConsentRow

_LISTED: Final = (
    "SELECT oauth_consents.id, oauth_consents.user_id, oauth_consents.client_id AS client_row_id, "
    "oauth_consents.scopes, offline, granted_at, oauth_clients.client_id, name, uri, kind, first_party, "
    "(SELECT max(last_used_at) FROM oauth_grants WHERE oauth_grants.user_id = oauth_consents.user_id "
    "AND oauth_grants.client_id = oauth_consents.client_id) AS last_used_at "
    "FROM oauth_consents JOIN oauth_clients ON oauth_clients.id = oauth_consents.client_id"
)


@circuit_breaker(service=SERVICE)
async def find(user_id: int, client_row_id: int) -> Consent | None:
    """Return the consent of a user for an application."""
    rows = await OAuthConsentRow.raw(
        "SELECT id, scopes, offline FROM oauth_consents WHERE user_id = {} AND client_id = {}", user_id, client_row_id
    )
    return _consent(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def lock(user_id: int, client_row_id: int) -> bool:
    """Lock the consent of a user for an application until the transaction ends. Return whether there is one."""
    rows = await OAuthConsentRow.raw(
        "UPDATE oauth_consents SET granted_at = granted_at WHERE user_id = {} AND client_id = {} RETURNING id",
        user_id,
        client_row_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def upsert(consent: Consent, user_id: int, client_row_id: int) -> None:
    """Add a consent, or replace the scopes of the one that the user has given before."""
    await OAuthConsentRow.raw(
        "INSERT INTO oauth_consents (id, user_id, client_id, scopes, offline, granted_at) "
        "VALUES ({}, {}, {}, {}, {}, clock_timestamp()) ON CONFLICT (user_id, client_id) "
        "DO UPDATE SET scopes = excluded.scopes, offline = excluded.offline, granted_at = excluded.granted_at",
        consent.id,
        user_id,
        client_row_id,
        " ".join(consent.scopes),
        consent.offline,
    )


@circuit_breaker(service=SERVICE)
async def of_user(user_id: int, *, before: UUID, limit: int) -> list[ListedConsent]:
    """Return consents of a user whose ids come before another one, newest first."""
    rows = await OAuthConsentRow.raw(
        f"{_LISTED} WHERE oauth_consents.user_id = {{}} AND oauth_consents.id < {{}} "
        "ORDER BY oauth_consents.id DESC LIMIT {}",
        user_id,
        before,
        limit,
    )
    return list(map(_listed, rows))


@circuit_breaker(service=SERVICE)
async def of_client(client_row_id: int, *, limit: int) -> list[ListedConsent]:
    """Return consents for an application, newest first."""
    rows = await OAuthConsentRow.raw(
        f"{_LISTED} WHERE oauth_consents.client_id = {{}} ORDER BY oauth_consents.id DESC LIMIT {{}}",
        client_row_id,
        limit,
    )
    return list(map(_listed, rows))


@circuit_breaker(service=SERVICE)
async def find_listed(consent_id: UUID, user_id: int) -> ListedConsent | None:
    """Return a consent of a user."""
    rows = await OAuthConsentRow.raw(
        f"{_LISTED} WHERE oauth_consents.id = {{}} AND oauth_consents.user_id = {{}}", consent_id, user_id
    )
    return _listed(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def delete(consent_id: UUID) -> bool:
    """Delete a consent: of any number of concurrent callers, only one gets True."""
    return bool(await OAuthConsentRow.raw("DELETE FROM oauth_consents WHERE id = {} RETURNING id", consent_id))


@circuit_breaker(service=SERVICE)
async def delete_all(user_id: int) -> None:
    """Delete all consents of a user."""
    await OAuthConsentRow.raw("DELETE FROM oauth_consents WHERE user_id = {}", user_id)


def _consent(row: dict[str, Any]) -> Consent:
    return Consent(id=_uuid(row["id"]), scopes=_words(row["scopes"]), offline=bool(row["offline"]))


def _listed(row: dict[str, Any]) -> ListedConsent:
    last_used_at: datetime | str | None = row["last_used_at"]
    return ListedConsent(
        **{
            **row,
            "id": _uuid(row["id"]),
            "scopes": _words(row["scopes"]),
            "last_used_at": as_datetime(last_used_at) if last_used_at is not None else None,
        }
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
