"""Consents in responses."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.oauth.consents.consent import ListedConsent
from auth_api.users.schemas import Timestamp

EXAMPLE_CONSENT: Final[dict[str, Any]] = {
    "id": "019ad0a2-7e6d-7c3e-9b52-0f6d2c9f7a11",
    "client": {
        "client_id": "app_k3v9q2m7x1c8z5b4n6w0",
        "name": "Wiki",
        "uri": "https://wiki.example.com",
        "kind": "web",
        "first_party": False,
    },
    "scopes": [{"name": "openid", "description": "Who the user is."}],
    "offline": False,
    "granted_at": "2026-02-19T10:30:45.123Z",
    "last_used_at": "2026-02-20T08:15:00.000Z",
}


class ConsentClient(msgspec.Struct, frozen=True, kw_only=True):
    """The application of a consent."""

    client_id: str
    name: str
    uri: str | None
    kind: str
    first_party: Annotated[bool, msgspec.Meta(description="Whether the operator lets it work without being asked.")]


class ConsentScope(msgspec.Struct, frozen=True, kw_only=True):
    """A scope of a consent."""

    name: str
    description: Annotated[str, msgspec.Meta(description="Empty if the scope no longer exists.")]


class ConsentResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a user has allowed an application."""

    id: str
    client: ConsentClient
    scopes: list[ConsentScope]
    offline: Annotated[
        bool, msgspec.Meta(description="Whether the application may act while the user is not signed in.")
    ]
    granted_at: Timestamp
    last_used_at: Annotated[Timestamp | None, msgspec.Meta(description="Null if the application has no access now.")]


class ConsentList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of consents, newest first."""

    items: list[ConsentResponse]
    next_cursor: str | None


def consent_view(consent: ListedConsent, descriptions: dict[str, str]) -> ConsentResponse:
    """Return the response struct of a consent.

    Args:
        consent: the consent.
        descriptions: of all scopes, by name.
    """
    return ConsentResponse(
        id=str(consent.id),
        client=ConsentClient(
            client_id=consent.client_id,
            name=consent.name,
            uri=consent.uri,
            kind=consent.kind,
            first_party=consent.first_party,
        ),
        scopes=[ConsentScope(name=name, description=descriptions.get(name, "")) for name in consent.scopes],
        offline=consent.offline,
        granted_at=rfc3339(consent.granted_at),
        last_used_at=optional_rfc3339(consent.last_used_at),
    )
