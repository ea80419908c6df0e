"""Read what browsers send: the JSON of `PublicKeyCredential.toJSON()` (WebAuthn L3 §5.1) and `clientDataJSON`.

Members that are not used are ignored, because browsers add some.
"""

from typing import Any, Final, Literal

import msgspec

from auth_api.kit import base64url

MAX_CREDENTIAL_ID_BYTES: Final = 1023
"""WebAuthn L3 §7.1 step 25."""

MAX_USER_HANDLE_BYTES: Final = 64
"""WebAuthn L3 §5.4.3."""

TRANSPORTS: Final = ("ble", "hybrid", "internal", "nfc", "smart-card", "usb")
"""WebAuthn L3 §5.8.4. Others are left out, because they would only be sent back to browsers."""


class ClientData(msgspec.Struct, frozen=True, rename="camel"):
    """What the browser says about a ceremony (WebAuthn L3 §5.8.1). The authenticator signs its digest."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: Any = msgspec.UNSET


class AttestationResponse(msgspec.Struct, frozen=True):
    """The response of an authenticator that has created a credential."""

    client_data_json: str = msgspec.field(name="clientDataJSON")
    attestation_object: str = msgspec.field(name="attestationObject")
    transports: list[str] | None = None


class AssertionResponse(msgspec.Struct, frozen=True):
    """The response of an authenticator that has used a credential."""

    client_data_json: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str = msgspec.field(name="authenticatorData")
    signature: str
    user_handle: str | None = msgspec.field(name="userHandle", default=None)


class _BrowserCredential(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    raw_id: str
    type: Literal["public-key"]

    def check_id(self) -> bytes:
        """Return the credential id.

        Raises:
            ValueError: it is malformed, too long, or not the same in both members.
        """
        credential_id = base64url.decode(self.id)
        if self.id != self.raw_id or not 1 <= len(credential_id) <= MAX_CREDENTIAL_ID_BYTES:
            message = "two ids, or one of a wrong size"
            raise ValueError(message)
        return credential_id


class CreatedCredential(_BrowserCredential, frozen=True):
    """The answer to `navigator.credentials.create`."""

    response: AttestationResponse

    def for_library(self) -> dict[str, Any]:
        """Return only the members that the library has to verify."""
        response = {
            "clientDataJSON": self.response.client_data_json,
            "attestationObject": self.response.attestation_object,
        }
        return {"id": self.id, "rawId": self.raw_id, "type": self.type, "response": response}

    def known_transports(self) -> tuple[str, ...]:
        """Return the ways in which browsers can reach the authenticator, in alphabetical order."""
        return tuple(transport for transport in TRANSPORTS if transport in (self.response.transports or ()))


class UsedCredential(_BrowserCredential, frozen=True):
    """The answer to `navigator.credentials.get`."""

    response: AssertionResponse

    def for_library(self) -> dict[str, Any]:
        """Return only the members that the library has to verify."""
        response = {
            "clientDataJSON": self.response.client_data_json,
            "authenticatorData": self.response.authenticator_data,
            "signature": self.response.signature,
        }
        return {"id": self.id, "rawId": self.raw_id, "type": self.type, "response": response}

    def user_handle(self) -> str | None:
        """Return the user handle, or None if it is missing or empty.

        Raises:
            ValueError: it is malformed or too long.
        """
        handle = self.response.user_handle or None
        if handle is not None and len(base64url.decode(handle)) > MAX_USER_HANDLE_BYTES:
            message = "too long"
            raise ValueError(message)
        return handle


def parse_client_data(encoded: str) -> ClientData:
    """Return the content of a `clientDataJSON`.

    Raises:
        ValueError, RecursionError: it is not base64url of a JSON object with members of the right types.
    """
    return msgspec.json.decode(base64url.decode(encoded), type=ClientData)
