"""Queries on resource servers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.oauth.resources.resource import OAuthResource, ResourceScope
from auth_api.oauth.resources.tables import OAuthResourceRow

_COLUMNS: Final = "id, identifier, name, scopes, access_token_minutes, created_at, updated_at"

_scopes: Final = msgspec.json.Decoder(tuple[ResourceScope, ...])


@circuit_breaker(service=SERVICE)
async def all_resources() -> list[OAuthResource]:
    """Return all resources, newest first."""
    return [
        _resource(row) for row in await OAuthResourceRow.raw(f"SELECT {_COLUMNS} FROM oauth_resources ORDER BY id DESC")
    ]


@circuit_breaker(service=SERVICE)
async def insert(
    identifier: str, name: str, scopes: Sequence[ResourceScope], access_token_minutes: int | None
) -> OAuthResource:
    """Add a resource whose identifier no other one has."""
    rows = await OAuthResourceRow.raw(
        "INSERT INTO oauth_resources (identifier, name, scopes, access_token_minutes, created_at, updated_at) "
        f"VALUES ({{}}, {{}}, {{}}, {{}}, clock_timestamp(), clock_timestamp()) RETURNING {_COLUMNS}",
        identifier,
        name,
        _encoded(scopes),
        access_token_minutes,
    )
    return _resource(rows[0])


@circuit_breaker(service=SERVICE)
async def update(
    resource_id: int, name: str, scopes: Sequence[ResourceScope], access_token_minutes: int | None
) -> OAuthResource:
    """Change a resource."""
    rows = await OAuthResourceRow.raw(
        "UPDATE oauth_resources SET name = {}, scopes = {}, access_token_minutes = {}, updated_at = clock_timestamp() "
        f"WHERE id = {{}} RETURNING {_COLUMNS}",
        name,
        _encoded(scopes),
        access_token_minutes,
        resource_id,
    )
    return _resource(rows[0])


@circuit_breaker(service=SERVICE)
async def delete(resource_id: int) -> None:
    """Delete a resource."""
    await OAuthResourceRow.raw("DELETE FROM oauth_resources WHERE id = {}", resource_id)


def _encoded(scopes: Sequence[ResourceScope]) -> str:
    return msgspec.json.encode(scopes).decode()


def _resource(row: Mapping[str, Any]) -> OAuthResource:
    return OAuthResource(**{**row, "scopes": _scopes.decode(row["scopes"])})
