"""Applications that no database has stored."""

from datetime import UTC, datetime
from typing import Any

from auth_api.oauth.clients.client import DEFAULT_GRANT_TYPES, ClientKind, OAuthClient

LONG_AGO = datetime(2026, 2, 19, 10, 30, tzinfo=UTC)


def sample_client(kind: ClientKind = ClientKind.WEB, **fields: Any) -> OAuthClient:
    """Return an application of this kind."""
    defaults: dict[str, Any] = {
        "id": 1,
        "client_id": "app_k3v9q2m7x1c8z5b4n6w0",
        "name": "Wiki",
        "kind": kind,
        "uri": None,
        "redirect_uris": (),
        "post_logout_redirect_uris": (),
        "grant_types": DEFAULT_GRANT_TYPES[kind],
        "scopes": (),
        "introspects": (),
        "required_role": None,
        "first_party": False,
        "require_pkce": True,
        "is_active": True,
        "secrets": (),
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "last_used_at": None,
    }
    return OAuthClient(**{**defaults, **fields})
