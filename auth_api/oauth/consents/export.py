"""What the export of a user's data contains about consents."""

from typing import Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.kit.pagination import MAX_UUID
from auth_api.oauth.consents import repository
from auth_api.sessions.principal import Principal
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "applications": [
        {
            "client_id": "app_k3v9q2m7x1c8z5b4n6w0",
            "name": "Wiki",
            "scopes": ["openid", "profile"],
            "offline": False,
            "granted_at": "2026-02-19T10:30:45.123Z",
            "last_used_at": "2026-02-20T08:15:00.000Z",
        }
    ],
}


class ExportedConsent(msgspec.Struct, frozen=True, kw_only=True):
    """An application that the user has allowed to use the account."""

    client_id: str
    name: str
    scopes: list[str]
    offline: bool
    granted_at: Timestamp
    last_used_at: Timestamp | None


class ConsentsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The applications that the user has allowed to use the account."""

    applications: list[ExportedConsent]


async def export_consents(principal: Principal, limit: int) -> ConsentsExport:
    """Return the newest consents of the user."""
    return ConsentsExport(
        applications=[
            ExportedConsent(
                client_id=each.client_id,
                name=each.name,
                scopes=list(each.scopes),
                offline=each.offline,
                granted_at=rfc3339(each.granted_at),
                last_used_at=optional_rfc3339(each.last_used_at),
            )
            for each in await repository.of_user(principal.id, before=MAX_UUID, limit=limit)
        ]
    )
