"""Applications in responses and on the command line."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.oauth.clients.client import ClientSecret, OAuthClient
from auth_api.oauth.clients.client_administration import RegisteredClient
from auth_api.oauth.clients.client_fields import KindName
from auth_api.users.schemas import Timestamp

DEFAULT_OVERLAP_HOURS: Final = 24
MAX_OVERLAP_HOURS: Final = 168

EXAMPLE_NEW_CLIENT: Final[dict[str, Any]] = {
    "name": "Wiki",
    "kind": "web",
    "uri": "https://wiki.example.com",
    "redirect_uris": ["https://wiki.example.com/callback"],
    "post_logout_redirect_uris": ["https://wiki.example.com/"],
    "scopes": ["openid", "profile", "email", "offline_access"],
    "required_role": "employee",
}

EXAMPLE_CLIENT: Final[dict[str, Any]] = {
    "client_id": "app_k3v9q2m7x1c8z5b4n6w0",
    **EXAMPLE_NEW_CLIENT,
    "grant_types": ["authorization_code", "refresh_token"],
    "introspects": [],
    "first_party": False,
    "require_pkce": True,
    "is_active": True,
    "secrets": [{"hint": "…h3Kq", "created_at": "2026-11-30T10:30:45.123Z", "expires_at": None}],
    "created_at": "2026-11-30T10:30:45.123Z",
    "updated_at": "2026-11-30T10:30:45.123Z",
    "last_used_at": None,
}

EXAMPLE_REGISTERED_CLIENT: Final[dict[str, Any]] = {
    **EXAMPLE_CLIENT,
    "client_secret": "cs_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h3Kq",
}


class NewSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give an application a new secret."""

    overlap_hours: Annotated[
        int,
        msgspec.Meta(ge=0, le=MAX_OVERLAP_HOURS, description="Hours for which the present secret is still accepted."),
    ] = DEFAULT_OVERLAP_HOURS


class SecretResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A secret of an application, without its value."""

    hint: Annotated[str, msgspec.Meta(description="An ellipsis and its last four characters.")]
    created_at: Timestamp
    expires_at: Annotated[Timestamp | None, msgspec.Meta(description="Null for the newest secret.")]


class ClientResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An application."""

    client_id: str
    name: str
    kind: KindName
    uri: str | None
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    grant_types: list[str]
    scopes: list[str]
    introspects: list[str]
    required_role: str | None
    first_party: bool
    require_pkce: bool
    is_active: bool
    secrets: Annotated[list[SecretResponse], msgspec.Meta(description="Those that are accepted, newest first.")]
    created_at: Timestamp
    updated_at: Timestamp
    last_used_at: Annotated[Timestamp | None, msgspec.Meta(description="When it last authenticated, to the hour.")]


class RegisteredClientResponse(ClientResponse, frozen=True, kw_only=True):
    """An application with a new secret, which no other response contains."""

    client_secret: Annotated[
        str | msgspec.UnsetType, msgspec.Meta(description="Not present for kinds without secret.")
    ] = msgspec.UNSET


class ClientList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of applications, newest first."""

    items: list[ClientResponse]
    next_cursor: str | None


def client_view(client: OAuthClient) -> ClientResponse:
    """Return the response struct of an application."""
    return ClientResponse(**_fields(client))


def registered_view(registered: RegisteredClient) -> RegisteredClientResponse:
    """Return the response struct of an application with a new secret."""
    secret = registered.secret
    return RegisteredClientResponse(
        **_fields(registered.client), client_secret=msgspec.UNSET if secret is None else secret
    )


def _fields(client: OAuthClient) -> dict[str, Any]:
    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in msgspec.structs.asdict(client).items()
        if name != "id"
    }
    return {
        **values,
        "kind": client.kind.value,
        "secrets": [_secret_view(secret) for secret in client.secrets],
        "created_at": rfc3339(client.created_at),
        "updated_at": rfc3339(client.updated_at),
        "last_used_at": optional_rfc3339(client.last_used_at),
    }


def _secret_view(secret: ClientSecret) -> SecretResponse:
    return SecretResponse(
        hint=f"…{secret.hint}",
        created_at=rfc3339(secret.created_at),
        expires_at=optional_rfc3339(secret.expires_at),
    )
