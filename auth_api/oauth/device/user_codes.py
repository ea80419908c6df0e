"""User codes, which a device shows and a person types in."""

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from auth_api.kit.crypto.tokens import derive_key

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Consonants, so that no code is a word; with 8 of them, a code has 34.5 bits (RFC 8628 §6.1)."""

_CHARACTERS: Final = 8
_CODE: Final = re.compile(f"[{ALPHABET}]{{{_CHARACTERS}}}")
_IGNORED: Final = re.compile(r"[\s-]+")


class UserCode(NamedTuple):
    """A code as the device shows it, and the digest that the database stores."""

    shown: str
    digest: str


class UserCodes:
    """Creates user codes, and finds them by a digest.

    digest = HMAC-SHA256(K, code), K = HKDF-SHA256(derivation secret). Without K, a reader of the database would find
    a code by its digest in hours, since there are only 2.56 · 10¹⁰ codes.
    """

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._keys = [derive_key(secret, b"auth_api user code v1") for secret in secrets_newest_first]

    def create(self) -> UserCode:
        """Return a random code."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(_CHARACTERS))
        return UserCode(f"{code[:4]}-{code[4:]}", _digest(self._keys[0], code))

    def digests(self, typed: str) -> list[str]:
        """Return the digests that a code can have: one per key, the newest first; none if the text is not a code.

        Letter case, spaces and hyphens do not count (RFC 8628 §6.1).
        """
        code = _IGNORED.sub("", typed).upper()
        return [_digest(key, code) for key in self._keys] if _CODE.fullmatch(code) else []


def _digest(key: bytes, code: str) -> str:
    return hmac.digest(key, code.encode(), "sha256").hex()
