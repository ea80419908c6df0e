"""Queries on applications."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.crypto.tokens import OpaqueToken
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.oauth.clients.client import ClientKind, ClientSecret, OAuthClient
from auth_api.oauth.clients.tables import OAuthClientRow

HINT_CHARACTERS: Final = 4

SECONDS_BETWEEN_USES: Final = 3600.0
"""Age of the recorded use of an application from which on a new one is recorded."""

_LISTS: Final = ("redirect_uris", "post_logout_redirect_uris", "grant_types", "scopes", "introspects")
_FLAGS: Final = ("first_party", "require_pkce", "is_active")

_WRITABLE: Final = (
    "name, uri, redirect_uris, post_logout_redirect_uris, grant_types, scopes, introspects, required_role, "
    "first_party, require_pkce, is_active"
)

_ELEVEN_VALUES: Final = "{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}"

_COLUMNS: Final = (
    f"id, client_id, kind, {_WRITABLE}, secret_hint, secret_created_at, previous_secret_hint, "
    "previous_secret_created_at, previous_secret_expires_at, created_at, updated_at, last_used_at, "
    "coalesce(previous_secret_expires_at > clock_timestamp(), false) AS has_previous_secret"
)


class PresentedProof(msgspec.Struct, frozen=True, kw_only=True):
    """An application, and what a request presented to prove that it comes from it.

    Attributes:
        is_right: whether the application has the secret.
        is_use_due: whether the application has not been used for an hour.
    """

    client: OAuthClient
    is_right: bool
    is_use_due: bool


@circuit_breaker(service=SERVICE)
async def find(client_id: str) -> OAuthClient | None:
    """Return the application with this `client_id`."""
    return _first(await OAuthClientRow.raw(f"SELECT {_COLUMNS} FROM oauth_clients WHERE client_id = {{}}", client_id))


@circuit_breaker(service=SERVICE)
async def get(row_id: int) -> OAuthClient | None:
    """Return the application of a row."""
    return _first(await OAuthClientRow.raw(f"SELECT {_COLUMNS} FROM oauth_clients WHERE id = {{}}", row_id))


@circuit_breaker(service=SERVICE)
async def lock(row_id: int) -> bool:
    """Prevent the deletion of an application until the transaction ends. Return whether it is active.

    On PostgreSQL the lock is that of a foreign key: rows that refer to the application can be added after it.
    """
    if OAuthClientRow._meta.db.engine_type == "postgres":  # noqa: SLF001 - Piccolo has no public name for it
        await OAuthClientRow.raw("SELECT id FROM oauth_clients WHERE id = {} FOR KEY SHARE", row_id)
    return bool(await OAuthClientRow.raw("SELECT id FROM oauth_clients WHERE id = {} AND is_active", row_id))


@circuit_breaker(service=SERVICE)
async def find_with_proof(client_id: str, secret_hash: str) -> PresentedProof | None:
    """Return an application, and whether it has a secret with this digest."""
    rows = await OAuthClientRow.raw(
        f"SELECT {_COLUMNS}, coalesce(last_used_at < {SECONDS_FROM_NOW}, true) AS is_use_due, "
        "coalesce(secret_hash = {} OR (previous_secret_hash = {} "
        "AND previous_secret_expires_at > clock_timestamp()), false) AS is_right "
        "FROM oauth_clients WHERE client_id = {}",
        -SECONDS_BETWEEN_USES,
        secret_hash,
        secret_hash,
        client_id,
    )
    if not rows:
        return None
    row = rows[0]
    return PresentedProof(client=_client(row), is_right=bool(row["is_right"]), is_use_due=bool(row["is_use_due"]))


@circuit_breaker(service=SERVICE)
async def page(*, before: int, limit: int) -> list[OAuthClient]:
    """Return applications with ids below `before`, newest first."""
    rows = await OAuthClientRow.raw(
        f"SELECT {_COLUMNS} FROM oauth_clients WHERE id < {{}} ORDER BY id DESC LIMIT {{}}", before, limit
    )
    return [_client(row) for row in rows]


@circuit_breaker(service=SERVICE)
async def count() -> int:
    """Return the number of applications."""
    return int((await OAuthClientRow.raw("SELECT count(*) AS number FROM oauth_clients"))[0]["number"])


@circuit_breaker(service=SERVICE)
async def insert(
    client_id: str, kind: ClientKind, values: Mapping[str, Any], secret: OpaqueToken | None
) -> OAuthClient:
    """Add an application.

    Args:
        client_id: its public name.
        kind: its kind.
        values: the other fields that administrators set.
        secret: its secret; None if applications of its kind have none.
    """
    rows = await OAuthClientRow.raw(
        f"INSERT INTO oauth_clients (client_id, kind, secret_hash, secret_hint, {_WRITABLE}, secret_created_at, "
        f"created_at, updated_at) VALUES ({{}}, {{}}, {{}}, {{}}, {_ELEVEN_VALUES}, "
        "CASE WHEN CAST({} AS boolean) THEN clock_timestamp() END, clock_timestamp(), clock_timestamp()) "
        f"RETURNING {_COLUMNS}",
        client_id,
        kind.value,
        secret.digest if secret else None,
        _hint(secret) if secret else None,
        *_in_order(values),
        secret is not None,
    )
    return _client(rows[0])


@circuit_breaker(service=SERVICE)
async def update(row_id: int, values: Mapping[str, Any]) -> OAuthClient:
    """Set the fields of an application that administrators can change."""
    rows = await OAuthClientRow.raw(
        f"UPDATE oauth_clients SET ({_WRITABLE}, updated_at) = ({_ELEVEN_VALUES}, clock_timestamp()) "
        f"WHERE id = {{}} RETURNING {_COLUMNS}",
        *_in_order(values),
        row_id,
    )
    return _client(rows[0])


@circuit_breaker(service=SERVICE)
async def set_secret(row_id: int, secret: OpaqueToken, *, overlap_seconds: float) -> OAuthClient:
    """Give an application another secret; the present one is accepted for a time, an earlier one no longer."""
    rows = await OAuthClientRow.raw(
        "UPDATE oauth_clients SET previous_secret_hash = secret_hash, previous_secret_hint = secret_hint, "
        f"previous_secret_created_at = secret_created_at, previous_secret_expires_at = {SECONDS_FROM_NOW}, "
        "secret_hash = {}, secret_hint = {}, secret_created_at = clock_timestamp(), updated_at = clock_timestamp() "
        f"WHERE id = {{}} RETURNING {_COLUMNS}",
        overlap_seconds,
        secret.digest,
        _hint(secret),
        row_id,
    )
    return _client(rows[0])


@circuit_breaker(service=SERVICE)
async def record_use(row_id: int) -> None:
    """Record that an application has authenticated now."""
    await OAuthClientRow.raw("UPDATE oauth_clients SET last_used_at = clock_timestamp() WHERE id = {}", row_id)


@circuit_breaker(service=SERVICE)
async def delete_requests(row_id: int) -> None:
    """Delete the requests of an application."""
    await OAuthClientRow.raw("DELETE FROM oauth_requests WHERE client_id = {}", row_id)


@circuit_breaker(service=SERVICE)
async def delete_consents(row_id: int) -> None:
    """Delete what users have allowed an application."""
    await OAuthClientRow.raw("DELETE FROM oauth_consents WHERE client_id = {}", row_id)


@circuit_breaker(service=SERVICE)
async def delete(row_id: int) -> None:
    """Delete an application with its grants."""
    await OAuthClientRow.raw("DELETE FROM oauth_clients WHERE id = {}", row_id)


def _hint(secret: OpaqueToken) -> str:
    return secret.raw[-HINT_CHARACTERS:]


def _in_order(values: Mapping[str, Any]) -> list[Any]:
    """Return the values of `_WRITABLE`."""
    names = _WRITABLE.split(", ")
    return [" ".join(values[name]) if name in _LISTS else values[name] for name in names]


def _first(rows: list[dict[str, Any]]) -> OAuthClient | None:
    return _client(rows[0]) if rows else None


def _client(row: Mapping[str, Any]) -> OAuthClient:
    secrets = []
    if row["secret_hint"] is not None:
        secrets.append(ClientSecret(hint=row["secret_hint"], created_at=row["secret_created_at"], expires_at=None))
    if row["has_previous_secret"]:
        previous = {name: row[f"previous_secret_{name}"] for name in ("hint", "created_at", "expires_at")}
        secrets.append(ClientSecret(**previous))
    values = {name: row[name] for name in OAuthClient.__struct_fields__ if name in row}
    return OAuthClient(
        **{
            **values,
            **{name: tuple(row[name].split()) for name in _LISTS},
            **{name: bool(row[name]) for name in _FLAGS},
            "kind": ClientKind(row["kind"]),
            "secrets": tuple(secrets),
        }
    )
