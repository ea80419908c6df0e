"""Request and response bodies about passkeys that several flows share."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.passkeys.passkey import Passkey
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.kit.crypto.challenges import CHALLENGE_SECONDS
from auth_api.kit.crypto.webauthn.options import CreationOptions, RequestOptions
from auth_api.users.schemas import Timestamp

MAX_CREDENTIAL_BYTES: Final = 16 * 1024

_EXAMPLE_CHALLENGE: Final = "q83vEjRWeJCrze8SNFZ4kGkdCAQB7kfNfM8L0rq5pC2yQhVt8sXbZ9nJ4wFgE6uTdKaLm7R"
_EXAMPLE_ID: Final = "2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"
EXAMPLE_USER_HANDLE: Final = "Zb0yq2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9w"

EXAMPLE_REQUEST_OPTIONS: dict[str, Any] = {
    "public_key": {
        "challenge": _EXAMPLE_CHALLENGE,
        "timeout": 300000,
        "rpId": "your-company.com",
        "allowCredentials": [],
        "userVerification": "required",
    },
    "expires_in": 300,
}

EXAMPLE_ACCOUNT_OPTIONS: dict[str, Any] = {
    **EXAMPLE_REQUEST_OPTIONS,
    "public_key": {
        **EXAMPLE_REQUEST_OPTIONS["public_key"],
        "allowCredentials": [{"type": "public-key", "id": _EXAMPLE_ID, "transports": ["internal"]}],
    },
}

EXAMPLE_ASSERTION: dict[str, Any] = {
    "id": _EXAMPLE_ID,
    "rawId": _EXAMPLE_ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0Iiwi…",
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
        "signature": "MEUCIQDx…",
        "userHandle": EXAMPLE_USER_HANDLE,
    },
    "clientExtensionResults": {},
}

EXAMPLE_CREATION_OPTIONS: dict[str, Any] = {
    "public_key": {
        "rp": {"id": "your-company.com", "name": "Your Company"},
        "user": {"id": EXAMPLE_USER_HANDLE, "name": "ada@example.com", "displayName": "Ada Lovelace"},
        "challenge": _EXAMPLE_CHALLENGE,
        "timeout": 300000,
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-8, -7, -257)],
        "excludeCredentials": [],
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
    },
    "expires_in": 300,
}

EXAMPLE_ATTESTATION: dict[str, Any] = {
    "id": _EXAMPLE_ID,
    "rawId": _EXAMPLE_ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwi…",
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVi…",
        "transports": ["internal"],
    },
    "clientExtensionResults": {},
}

EXAMPLE_PASSKEY: dict[str, Any] = {
    "id": 3,
    "name": "Laptop",
    "created_at": "2026-02-19T10:30:45.123Z",
    "last_used_at": "2026-02-20T08:00:00.000Z",
    "usable": True,
    "backed_up": False,
}

CredentialField = Annotated[
    dict[str, Any],
    msgspec.Meta(
        description="The result of `PublicKeyCredential.toJSON()`, unchanged. Its JSON has at most 16 KiB.",
        examples=[EXAMPLE_ASSERTION],
        extra={"max_bytes": MAX_CREDENTIAL_BYTES},
    ),
]

OptionsExpiryField = Annotated[int, msgspec.Meta(ge=0, description="Seconds within which the browser should answer.")]


class NoOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""


class PasskeyRequestOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options for the use of a passkey."""

    public_key: Annotated[
        RequestOptions,
        msgspec.Meta(
            description="Pass it to `PublicKeyCredential.parseRequestOptionsFromJSON`, then to "
            "`navigator.credentials.get`."
        ),
    ]
    expires_in: OptionsExpiryField = CHALLENGE_SECONDS


class PasskeyCreationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options for the registration of a passkey."""

    public_key: Annotated[
        CreationOptions,
        msgspec.Meta(
            description="Pass it to `PublicKeyCredential.parseCreationOptionsFromJSON`, then to "
            "`navigator.credentials.create`."
        ),
    ]
    expires_in: OptionsExpiryField = CHALLENGE_SECONDS


class PasskeyResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of the user."""

    id: int
    name: str
    created_at: Timestamp
    last_used_at: Timestamp | None
    usable: Annotated[bool, msgspec.Meta(description="False if it belongs to an earlier domain of the server.")]
    backed_up: Annotated[bool, msgspec.Meta(description="Whether it is synchronized to other devices.")]


def passkey_view(passkey: Passkey, *, is_usable: bool) -> PasskeyResponse:
    """Return the response for a passkey."""
    return PasskeyResponse(
        id=passkey.id,
        name=passkey.name,
        created_at=rfc3339(passkey.created_at),
        last_used_at=optional_rfc3339(passkey.last_used_at),
        usable=is_usable,
        backed_up=passkey.backed_up,
    )
