"""Resource servers in responses and on the command line."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import rfc3339
from auth_api.oauth.resources.resource import OAuthResource, ResourceScope
from auth_api.users.schemas import Timestamp

EXAMPLE_NEW_RESOURCE: Final[dict[str, Any]] = {
    "identifier": "https://orders.example.com",
    "name": "Orders",
    "scopes": [{"name": "orders:read", "description": "Read your orders."}],
}

EXAMPLE_RESOURCE: Final[dict[str, Any]] = {
    "id": 4,
    **EXAMPLE_NEW_RESOURCE,
    "access_token_minutes": None,
    "created_at": "2026-11-30T10:30:45.123Z",
    "updated_at": "2026-11-30T10:30:45.123Z",
}


class ResourceResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An API that accepts access tokens of this server."""

    id: int
    identifier: Annotated[str, msgspec.Meta(description="The `aud` of its access tokens.")]
    name: str
    scopes: list[ResourceScope]
    access_token_minutes: Annotated[
        int | None, msgspec.Meta(description="Lifetime of its access tokens; null for that of the settings.")
    ]
    created_at: Timestamp
    updated_at: Timestamp


class ResourceList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of resources, newest first."""

    items: list[ResourceResponse]
    next_cursor: str | None


def resource_view(resource: OAuthResource) -> ResourceResponse:
    """Return the response struct of a resource."""
    return ResourceResponse(
        **{
            **msgspec.structs.asdict(resource),
            "scopes": list(resource.scopes),
            "created_at": rfc3339(resource.created_at),
            "updated_at": rfc3339(resource.updated_at),
        }
    )
