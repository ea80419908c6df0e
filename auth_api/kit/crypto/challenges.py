"""Challenges of WebAuthn ceremonies. They are signed instead of stored, so any worker process can issue and check them.

A challenge is 53 bytes: 16 random ‖ expiry in Unix seconds (4) ‖ purpose (1) ‖ HMAC-SHA256(K, those ‖ binding), with
K = HKDF-SHA256(secret). WebAuthn L3 §13.4.3 requires at least 16 random bytes. A signature does not limit the number of
uses, so code that acts on a challenge has to claim it (`UsedValues`) in the same transaction.
"""

import hmac
import secrets
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from auth_api.kit import base64url
from auth_api.kit.crypto.tokens import derive_key

CHALLENGE_SECONDS: Final = 300
"""How long the browser may wait for the user: the recommended maximum is 600 s (WebAuthn L3 §15.1)."""

LEEWAY_SECONDS: Final = 30
"""For the answer to arrive, and for clocks of several servers that differ."""

RANDOM_BYTES: Final = 16

_SIGNED: Final = struct.Struct(f">{RANDOM_BYTES}sIB")
_SIGNATURE_BYTES: Final = 32


class ChallengePurpose(IntEnum):
    """What a challenge may be used for. The numbers are part of issued challenges."""

    LOGIN = 1
    SECOND_FACTOR = 2
    STEP_UP = 3
    REGISTRATION = 4


class RejectedChallengeError(Exception):
    """A challenge is not acceptable. The text is the reason, for the log: it begins with `challenge_`."""


class Challenges:
    """Issues challenges that the newest secret signs, and accepts those that any of the secrets has signed."""

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._keys = [derive_key(secret, b"auth_api challenge v1") for secret in secrets_newest_first]

    def issue(self, purpose: ChallengePurpose, *, binding: str, now: datetime) -> str:
        """Return a new challenge, in base64url.

        Args:
            purpose: what it may be used for.
            binding: to whom or what it is bound, such as an account and its session; empty for none.
            now: the current time.
        """
        expiry = int(now.timestamp()) + CHALLENGE_SECONDS
        signed = _SIGNED.pack(secrets.token_bytes(RANDOM_BYTES), expiry, purpose)
        return base64url.encode(signed + _signature(self._keys[0], signed, binding))

    def verify(self, challenge: str, purpose: ChallengePurpose, *, binding: str, now: datetime) -> datetime:
        """Check a challenge that a client has sent.

        Args:
            challenge: in base64url.
            purpose: what it is used for.
            binding: as it was issued.
            now: the current time.

        Returns:
            The end of its validity, leeway included: from then on it is rejected.

        Raises:
            RejectedChallengeError: it was not issued for this purpose and binding, or it has expired.
        """
        try:
            data = base64url.decode(challenge)
        except ValueError:
            data = b""
        if len(data) != _SIGNED.size + _SIGNATURE_BYTES:
            message = "challenge_malformed"
            raise RejectedChallengeError(message)
        signed, signature = data[: _SIGNED.size], data[_SIGNED.size :]
        if not any(hmac.compare_digest(signature, _signature(key, signed, binding)) for key in self._keys):
            message = "challenge_forged"  # or of another binding
            raise RejectedChallengeError(message)
        _, expiry, issued_for = _SIGNED.unpack(signed)
        if issued_for != purpose:
            message = "challenge_has_another_purpose"
            raise RejectedChallengeError(message)
        end = datetime.fromtimestamp(expiry, UTC) + timedelta(seconds=LEEWAY_SECONDS)
        if now >= end:
            message = "challenge_expired"
            raise RejectedChallengeError(message)
        return end


def _signature(key: bytes, signed: bytes, binding: str) -> bytes:
    return hmac.digest(key, signed + binding.encode(), "sha256")
