"""Options for the browser, in the form that `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` take.

WebAuthn L3 §5.4 and §5.5. All binary members are base64url.
"""

from typing import Final, Literal

import msgspec

from auth_api.kit.crypto.challenges import CHALLENGE_SECONDS
from auth_api.kit.crypto.webauthn.public_keys import Algorithm

TIMEOUT_MILLISECONDS: Final = CHALLENGE_SECONDS * 1000


class PasskeyDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    """A registered passkey."""

    type: Literal["public-key"] = "public-key"
    id: str
    transports: tuple[str, ...] = ()


class RelyingPartyEntity(msgspec.Struct, frozen=True):
    """The product that the passkey is for."""

    id: str
    name: str


class PasskeyUser(msgspec.Struct, frozen=True, rename="camel"):
    """The account that the passkey is for: its user handle, and two names that the authenticator shows."""

    id: str
    name: str
    display_name: str


class KeyParameters(msgspec.Struct, frozen=True):
    """An algorithm that the server accepts, by its COSE number."""

    type: Literal["public-key"]
    alg: int


class AuthenticatorSelection(msgspec.Struct, frozen=True, rename="camel"):
    """What the authenticator must be able to do: find the passkey without a name, and verify the user."""

    resident_key: Literal["required"] = "required"
    require_resident_key: bool = True
    user_verification: Literal["required"] = "required"


class CreationOptions(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Options of `navigator.credentials.create`."""

    rp: RelyingPartyEntity
    user: PasskeyUser
    challenge: str
    timeout: int = TIMEOUT_MILLISECONDS
    pub_key_cred_params: tuple[KeyParameters, ...] = tuple(KeyParameters("public-key", each) for each in Algorithm)
    exclude_credentials: tuple[PasskeyDescriptor, ...]
    attestation: Literal["none"] = "none"
    authenticator_selection: AuthenticatorSelection = AuthenticatorSelection()


class RequestOptions(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Options of `navigator.credentials.get`."""

    challenge: str
    timeout: int = TIMEOUT_MILLISECONDS
    rp_id: str
    allow_credentials: tuple[PasskeyDescriptor, ...]
    user_verification: Literal["required"] = "required"
