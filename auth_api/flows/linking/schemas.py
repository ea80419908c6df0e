"""Requests and responses about the own accounts at providers."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec

from auth_api.flows.linking.service import OwnIdentity
from auth_api.kit.clock import rfc3339
from auth_api.kit.errors import FieldError
from auth_api.users.schemas import Timestamp

EXAMPLE_IDENTITY: Final[dict[str, Any]] = {
    "id": 7,
    "provider": "google",
    "name": "Google",
    "email": "ada@example.com",
    "linked_at": "2026-02-19T10:30:45.123Z",
    "last_used_at": "2026-02-19T10:30:45.123Z",
    "removable": True,
}
EXAMPLE_START: Final[dict[str, Any]] = {
    "provider": "google",
    "return_to": "https://app.example.com/account/signed-in",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
}
EXAMPLE_STARTED: Final[dict[str, Any]] = {
    "start_url": "https://auth.example.com/api/auth/providers/google/start"
    "?ticket=ot_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ",
    "expires_in": 120,
}
EXAMPLE_LINK: Final[dict[str, Any]] = {"link_token": "fl_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"}

_PROOFS: Final = ("code", "code_verifier")

SecretText = Annotated[str, msgspec.Meta(max_length=255, extra={"any_text": True})]


class IdentityResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a provider with which the user can log in."""

    id: int
    provider: str
    name: Annotated[str, msgspec.Meta(description="Name of the provider.")]
    email: Annotated[str | None, msgspec.Meta(description="E-mail address that the provider stated last.")]
    linked_at: Timestamp
    last_used_at: Timestamp
    removable: Annotated[bool, msgspec.Meta(description="False if the user has no other way to log in.")]


class IdentityList(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts at providers that are linked to the user, newest first."""

    items: list[IdentityResponse]
    next_cursor: None = None


class StartLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Begin to link an account at a provider."""

    provider: Annotated[str, msgspec.Meta(max_length=30, description="The `id` of the provider.")]
    return_to: Annotated[str, msgspec.Meta(max_length=500, description="One of the addresses in `RETURN_URLS`.")]
    code_challenge: Annotated[
        str, msgspec.Meta(max_length=128, description="SHA-256 digest of the `code_verifier`, in base64url.")
    ]
    code_challenge_method: Annotated[str, msgspec.Meta(max_length=20, description="`S256`, if sent.")] | None = None


class StartedLink(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send the browser."""

    start_url: str
    expires_in: Annotated[int, msgspec.Meta(ge=0, description="Seconds until `start_url` stops working.")]


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Link an account at a provider: either by `code` and `code_verifier`, or by the `link_token` of a sign-in."""

    code: SecretText | None = None
    code_verifier: SecretText | None = None
    link_token: SecretText | None = None

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield an error unless the document has exactly one proof."""
        stated = [name for name in (*_PROOFS, "link_token") if document.get(name) is not None]
        if "link_token" in stated:
            if len(stated) > 1:
                yield FieldError("link_token", "conflict", "Send either a link_token or a code.")
            return
        for name in _PROOFS:
            if name not in stated:
                yield FieldError(name, "missing", "This field is required.")


def identity_view(own: OwnIdentity) -> IdentityResponse:
    """Return an identity in its wire format."""
    identity = own.identity
    return IdentityResponse(
        id=identity.id,
        provider=identity.provider,
        name=own.provider_name,
        email=identity.email,
        linked_at=rfc3339(identity.linked_at),
        last_used_at=rfc3339(identity.last_used_at),
        removable=own.is_removable,
    )
