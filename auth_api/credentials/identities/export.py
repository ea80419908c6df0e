"""What the export of a user's data contains about identities."""

from typing import Any, Final

import msgspec

from auth_api.credentials.identities.service import Identities
from auth_api.kit.clock import rfc3339
from auth_api.sessions.principal import Principal
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "identities": [
        {
            "provider": "google",
            "email": "ada@example.com",
            "linked_at": "2026-02-19T10:30:45.123Z",
            "last_used_at": "2026-02-20T08:00:00.000Z",
        }
    ],
}


class ExportedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a provider that is linked to the user, with the e-mail address that the provider stated last."""

    provider: str
    email: str | None
    linked_at: Timestamp
    last_used_at: Timestamp


class IdentitiesExport(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts at providers that are linked to the user."""

    identities: list[ExportedIdentity]


async def export_identities(identities: Identities, principal: Principal) -> IdentitiesExport:
    """Return the identities of the user."""
    return IdentitiesExport(
        identities=[
            ExportedIdentity(
                provider=each.provider,
                email=each.email,
                linked_at=rfc3339(each.linked_at),
                last_used_at=rfc3339(each.last_used_at),
            )
            for each in await identities.of_user(principal.id)
        ]
    )
