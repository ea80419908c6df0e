"""Passkeys as the caller stores and gets them. Ids, handles and keys are base64url, as in JSON."""

from dataclasses import dataclass, field
from datetime import datetime

from auth_api.kit.crypto.webauthn.authenticator_data import AuthenticatorData
from auth_api.kit.crypto.webauthn.browser_json import UsedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimableChallenge:
    """A valid challenge, which must be claimed in the transaction that acts on it.

    Attributes:
        value: as it was issued.
        expires_at: from then on it is rejected.
    """

    value: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCredential:
    """A new passkey.

    Attributes:
        challenge: of the registration.
        credential_id: at most 1,364 characters; chosen by the authenticator, so it may exist already.
        public_key: in COSE form, at most 802 characters.
        algorithm: -8 (EdDSA with Ed25519), -7 (ES256) or -257 (RS256).
        sign_count: the counter of its signatures, 0 if the authenticator does not count.
        backup_eligible: whether it can be synchronised to other devices. This never changes.
        backed_up: whether it is synchronised at present.
        transports: the ways in which browsers can reach the authenticator.
        aaguid: the model of the authenticator, mostly `00000000-0000-0000-0000-000000000000`; not proven.
    """

    challenge: ClaimableChallenge
    credential_id: str
    public_key: str
    algorithm: int
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    aaguid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """What an assertion is verified against: a registered passkey, and the user handle of its account."""

    public_key: str
    sign_count: int
    backup_eligible: bool
    user_handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """An assertion whose signature has not been verified yet, because that needs the stored passkey.

    Attributes:
        challenge: of the assertion.
        credential_id: by which the caller finds the stored passkey.
    """

    challenge: ClaimableChallenge
    credential_id: str
    user_handle: str | None = field(repr=False)
    data: AuthenticatorData = field(repr=False)
    sent: UsedCredential = field(repr=False)


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What the caller stores after a verified assertion."""

    sign_count: int
    backed_up: bool
