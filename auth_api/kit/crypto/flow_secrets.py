"""Secrets of a sign-in that leads through another site. They are derived from its state instead of stored."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

from auth_api.kit import base64url
from auth_api.kit.crypto.tokens import HAND_OFF_CODE, OpaqueToken, derive_key, digest

_KEY_ID_CHARACTERS: Final = 16


class FlowSecrets(NamedTuple):
    """What one state yields.

    Attributes:
        nonce: binds the provider's ID token to the sign-in (OpenID Connect Core §3.1.2.1).
        code_verifier: binds the provider's code to the sign-in (RFC 7636 §4.1).
        code: hands the sign-in over to the application.
    """

    nonce: str
    code_verifier: str
    code: OpaqueToken

    @property
    def code_challenge(self) -> str:
        """What the provider gets of the verifier (S256, RFC 7636 §4.2)."""
        return challenge_of(self.code_verifier)


class FlowSecretsDerivation:
    """Derives the secrets, so that any worker process continues a sign-in, also after a restart.

    secret = HMAC-SHA256(K, label ‖ state), K = HKDF-SHA256(derivation secret). The database has the id of K and the
    digest of the state; only the browser has the state.
    """

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        keys = [derive_key(secret, b"auth_api sign-in flow v1") for secret in secrets_newest_first]
        self._keys = {hashlib.sha256(key).hexdigest()[:_KEY_ID_CHARACTERS]: key for key in keys}

    @property
    def newest_key_id(self) -> str:
        """The id of the key for new sign-ins."""
        return next(iter(self._keys))

    def derive(self, state: str, key_id: str) -> FlowSecrets | None:
        """Return the secrets of a state; None if the key has been removed since the sign-in began."""
        if (key := self._keys.get(key_id)) is None:
            return None
        code = HAND_OFF_CODE.prefix + _derive(key, b"code", state)
        return FlowSecrets(
            nonce=_derive(key, b"nonce", state),
            code_verifier=_derive(key, b"pkce", state),
            code=OpaqueToken(code, digest(code)),
        )


def challenge_of(code_verifier: str) -> str:
    """Return the code challenge of a verifier: the base64url form of its SHA-256 (S256, RFC 7636 §4.2)."""
    return base64url.encode(hashlib.sha256(code_verifier.encode()).digest())


def _derive(key: bytes, label: bytes, state: str) -> str:
    return base64url.encode(hmac.digest(key, label + state.encode(), "sha256"))
