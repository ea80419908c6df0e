"""Encryption of values that the server must be able to read again: AES-256-GCM, bound to a table and a row."""

import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth_api.kit import base64url
from auth_api.kit.crypto.tokens import DATA_KEY, derive_key

NONCE_BYTES: Final = 12
"""NIST SP 800-38D §5.2.1.1. A random nonce allows 2³² values per key (§8.3)."""

KEY_ID_CHARACTERS: Final = 16

_VERSION: Final = "1"


class SealedValueError(Exception):
    """A sealed value cannot be opened: unknown key, changed text, or the text of another row."""


class Sealing:
    """Seals with the newest key, and opens what any of the keys has sealed.

    A sealed value is `1.<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`. Table and row are authenticated, so a value
    that was copied to another row cannot be opened.
    """

    def __init__(self, keys_newest_first: Sequence[bytes]) -> None:
        self._ciphers = {key_id(key): AESGCM(key) for key in keys_newest_first}
        self._newest_id = key_id(keys_newest_first[0])

    @property
    def newest_prefix(self) -> str:
        """The beginning of every value that the newest key has sealed, and of no other."""
        return f"{_VERSION}.{self._newest_id}."

    def has_key_of(self, sealed: str) -> bool:
        """Return whether the value was sealed with one of the keys."""
        return any(sealed.startswith(f"{_VERSION}.{known_id}.") for known_id in self._ciphers)

    def seal(self, value: bytes, *, table: str, row: object) -> str:
        """Return the sealed value.

        Args:
            value: what to encrypt.
            table: short name of the table, such as `totp`; it must never change.
            row: the value that identifies the row.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._newest_id].encrypt(nonce, value, _associated_data(table, row))
        return self.newest_prefix + base64url.encode(nonce + sealed)

    def unseal(self, sealed: str, *, table: str, row: object) -> bytes:
        """Return the value.

        Raises:
            SealedValueError: it was sealed with an unknown key, was changed, or belongs to another table or row.
        """
        try:
            version, known_id, text = sealed.split(".")
            data = base64url.decode(text)
            if version != _VERSION:
                raise SealedValueError
            cipher = self._ciphers[known_id]
            return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _associated_data(table, row))
        except (ValueError, KeyError, InvalidTag):
            raise SealedValueError from None


def new_data_key() -> str:
    """Generate a key in the form that `parse_data_key` reads."""
    return DATA_KEY.prefix + base64url.encode(secrets.token_bytes(DATA_KEY.random_bytes))


def parse_data_key(text: str) -> bytes:
    """Return the key of a text that `new_data_key` has generated.

    Raises:
        ValueError: any other text. The message does not contain it.
    """
    try:
        key = base64url.decode(text.removeprefix(DATA_KEY.prefix))
    except ValueError:
        key = b""
    if len(key) != DATA_KEY.random_bytes or not text.startswith(DATA_KEY.prefix):
        message = "must be a key that auth-api secrets data-key has printed"
        raise ValueError(message)
    return key


def derived_data_key(secret: bytes) -> bytes:
    """Return the key that development derives from its secret (HKDF-SHA256)."""
    return derive_key(secret, b"auth_api data v1")


def key_id(key: bytes) -> str:
    """Return the id of a key, which reveals nothing about it."""
    return hmac.digest(key, b"auth_api data key id", "sha256").hex()[:KEY_ID_CHARACTERS]


def _associated_data(table: str, row: object) -> bytes:
    return f"{table}:{row}".encode()
