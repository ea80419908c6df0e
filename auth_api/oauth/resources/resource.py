"""Resource servers as services pass them on."""

from collections.abc import Iterable
from datetime import datetime

import msgspec


class ResourceScope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an access token may allow at a resource server.

    Attributes:
        name: its name, which no other resource has.
        description: one sentence that users read before they allow it.
    """

    name: str
    description: str


class OAuthResource(msgspec.Struct, frozen=True, kw_only=True):
    """An API that accepts access tokens of this server (RFC 8707).

    Attributes:
        identifier: an absolute URI, the `aud` of its access tokens.
        access_token_minutes: the lifetime of its access tokens; None for that of the settings.
    """

    id: int
    identifier: str
    name: str
    scopes: tuple[ResourceScope, ...]
    access_token_minutes: int | None
    created_at: datetime
    updated_at: datetime


def owners(resources: Iterable[OAuthResource]) -> dict[str, OAuthResource]:
    """Return the resource that each scope belongs to, by the name of the scope."""
    return {scope.name: resource for resource in resources for scope in resource.scopes}
