"""Inserts rows of the OAuth provider, for tests below the services that write them."""

from datetime import timedelta
from typing import Any

from auth_api.kit.clock import utc_now
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.grants.tables import OAuthGrantRow


async def add_client_row(client_id: str = "app_00000000000000000000", **changes: Any) -> int:
    """Add an application, and return the number of its row."""
    values: dict[str, Any] = {
        "client_id": client_id,
        "name": "Wiki",
        "kind": "web",
        "redirect_uris": "https://app.example.com/callback",
        "post_logout_redirect_uris": "",
        "grant_types": "authorization_code refresh_token",
        "scopes": "openid profile email offline_access",
        "introspects": "",
        "first_party": False,
        "require_pkce": True,
        "is_active": True,
        "created_at": utc_now(),
        "updated_at": utc_now(),
    }
    (added,) = await OAuthClientRow.insert(OAuthClientRow(**values | changes))
    return int(added["id"])


async def add_grant_row(client_row_id: int, user_id: int) -> None:
    """Add an offline grant without a refresh token."""
    now = utc_now()
    await OAuthGrantRow.insert(
        OAuthGrantRow(
            id=uuid7(now),
            client_id=client_row_id,
            user_id=user_id,
            is_offline=True,
            scopes="openid",
            resources="",
            auth_time=now,
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(days=1),
        )
    )
