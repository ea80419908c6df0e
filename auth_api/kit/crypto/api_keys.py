"""The form of API keys: a prefix, 256 random bits and a checksum, all of them letters and digits.

A double click selects the whole key, secret scanners find it by its pattern, and a mistyped key is recognised by its
checksum, without a query.
"""

import re
import secrets
import string
from typing import Final
from zlib import crc32

from auth_api.kit.crypto.tokens import PERSONAL_API_KEY, SERVICE_API_KEY, OpaqueToken, SecretKind, digest

API_KEY_KINDS: Final = (PERSONAL_API_KEY, SERVICE_API_KEY)

API_KEY_PREFIXES: Final = tuple(kind.prefix for kind in API_KEY_KINDS)
"""No other bearer token begins with one of them."""

API_KEY_PATTERN: Final = "auth_(pat|svc)_[0-9A-Za-z]{49}"
"""The regular expression of all API keys, for secret scanners."""

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_CHARACTERS: Final = 43
_CHECKSUM_CHARACTERS: Final = 6

_FORM: Final = re.compile(API_KEY_PATTERN)


def new_api_key(kind: SecretKind) -> OpaqueToken:
    """Generate an API key of this kind."""
    raw = write_api_key(kind, secrets.token_bytes(kind.random_bytes))
    return OpaqueToken(raw, digest(raw))


def write_api_key(kind: SecretKind, random_bytes: bytes) -> str:
    """Return the API key with these random bytes."""
    checked = kind.prefix + _base62(int.from_bytes(random_bytes), _RANDOM_CHARACTERS)
    return checked + _checksum(checked)


def has_valid_checksum(token: str) -> bool:
    """Return whether a token has the form of an API key and is complete and without typing errors."""
    return _FORM.fullmatch(token) is not None and token.endswith(_checksum(token[:-_CHECKSUM_CHARACTERS]))


def hint_of(raw: str) -> str:
    """Return the first four random characters of an API key, by which its owner recognises it in a list."""
    start = raw.rindex("_") + 1
    return raw[start : start + 4]


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    """Return a number in base 62, big-endian and padded with `0`."""
    digits = []
    for _ in range(characters):
        number, remainder = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[remainder])
    return "".join(reversed(digits))
