"""The public keys of the issuer: which are known, and when they are read again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

DEFAULT_SECONDS: Final = 300.0
MIN_SECONDS: Final = 60.0
MAX_SECONDS: Final = 24 * 3600.0
RENEWAL_SHARE: Final = 0.8
"""Keys are read again after this share of their life, so that no request waits for it."""

UNKNOWN_KEY_INTERVAL_SECONDS: Final = 10.0
UNKNOWN_KEY_MEMORY_SECONDS: Final = 60.0
MAX_UNKNOWN_KEYS: Final = 128
MAX_RETRY_SECONDS: Final = 60.0
MIN_RSA_BITS: Final = 2048

_ALGORITHMS: Final[Mapping[tuple[object, object], str]] = {
    ("OKP", "Ed25519"): "EdDSA",
    ("EC", "P-256"): "ES256",
    ("RSA", None): "RS256",
}


@dataclass(slots=True)
class KeyRing:
    """The public keys of an issuer. All times are seconds of a clock that never goes back."""

    keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    is_known: bool = False
    _read_at: float = 0.0
    _lifetime: float = 0.0
    _retry_at: float = 0.0
    _failures: int = 0
    _asked_at: float | None = None
    _unknown: dict[str, float] = field(default_factory=dict)

    def find(self, kid: str, now: float) -> jwt.PyJWK | None:
        """Return the key with this id, unless the keys were last read more than a day ago."""
        return self.keys.get(kid) if now < self._read_at + MAX_SECONDS else None

    def has_keys(self, now: float) -> bool:
        """Return whether keys were read, at most a day ago."""
        return self.is_known and now < self._read_at + MAX_SECONDS

    def is_unreachable(self) -> bool:
        """Return whether the last attempt to read the keys has failed."""
        return self._failures > 0

    def due_at(self) -> float:
        """Return when to read the keys in the background."""
        return self._retry_at if self._failures else self._read_at + self._lifetime * RENEWAL_SHARE

    def may_ask_for(self, kid: str, now: float) -> bool:
        """Return whether a request may read the keys because they lack this one, and remember that it does."""
        if now < self._unknown.get(kid, 0.0):
            return False
        if self._asked_at is not None and now < self._asked_at + UNKNOWN_KEY_INTERVAL_SECONDS:
            return False
        self._asked_at = now
        return True

    def mark_unknown(self, kid: str, now: float) -> None:
        """Remember that the issuer has no key with this id, so that it is not asked again soon."""
        if kid not in self._unknown and len(self._unknown) >= MAX_UNKNOWN_KEYS:
            del self._unknown[next(iter(self._unknown))]
        self._unknown[kid] = now + UNKNOWN_KEY_MEMORY_SECONDS

    def replace(self, document: object, max_age: float | None, now: float) -> None:
        """Take over the keys of a document (RFC 7517 §5); those that cannot verify a token are skipped.

        Args:
            document: the key set.
            max_age: how long the response may be kept, in seconds; None if it does not say.
            now: the time.

        Raises:
            ValueError: it is not a key set, or the keys that are known would be lost.
        """
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            message = "the document is not a key set"
            raise ValueError(message)  # noqa: TRY004 - the value of a document, not the type of an argument
        found = [(each["kid"], key) for each in listed if (key := _public_key(each)) is not None]
        if self.keys and not found:
            message = "the key set has no key for access tokens any longer"
            raise ValueError(message)
        self.keys = dict(found)
        self.is_known, self._failures, self._read_at = True, 0, now
        self._lifetime = DEFAULT_SECONDS if max_age is None else min(max(max_age, MIN_SECONDS), MAX_SECONDS)
        for kid in self.keys:
            self._unknown.pop(kid, None)

    def fail(self, now: float) -> None:
        """Remember a failed attempt: the keys stay, and the next attempt follows after 1, 2, 4 … 60 s."""
        self._retry_at = now + min(2.0**self._failures, MAX_RETRY_SECONDS)
        self._failures = min(self._failures + 1, 16)


def _public_key(document: object) -> jwt.PyJWK | None:
    """Return the key of a document if it can verify access tokens; None for private, secret and other keys."""
    if not isinstance(document, dict) or not isinstance(document.get("kid"), str) or "d" in document:
        return None
    if document.get("use", "sig") != "sig":
        return None
    kind = (document.get("kty"), document.get("crv"))  # compared only, as they may not be hashable
    algorithm = next((name for known, name in _ALGORITHMS.items() if known == kind), None)
    if algorithm is None or document.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(document, algorithm)
    except Exception:  # noqa: BLE001 - PyJWT and cryptography raise various errors for a malformed key
        return None
    bits: Any = getattr(key.key, "key_size", MIN_RSA_BITS)
    return None if algorithm == "RS256" and bits < MIN_RSA_BITS else key
