"""Build invalid tokens from their parts, because libraries refuse to."""

import base64
import hashlib
import hmac
import json
from typing import Any


def encoded(data: bytes | str | dict[str, Any]) -> str:
    """Return base64url without padding; a dictionary is encoded as JSON."""
    if isinstance(data, dict):
        data = json.dumps(data)
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(part: str) -> dict[str, Any]:
    """Return the JSON object in a part of a token."""
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return document


def header_of(token: str) -> dict[str, Any]:
    """Return the header of a token."""
    return decoded(token.split(".", maxsplit=1)[0])


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token."""
    return decoded(token.split(".")[1])


def signed(header: dict[str, Any] | str, payload: dict[str, Any] | str, key: bytes, digest: str = "sha256") -> str:
    """Return a token with an HMAC signature, regardless of the algorithm in its header."""
    content = f"{encoded(header)}.{encoded(payload)}"
    return f"{content}.{encoded(hmac.digest(key, content.encode(), digest))}"


def key_id(key: bytes) -> str:
    """Return the key id that auth_api derives from a shared secret."""
    return encoded(hmac.digest(key, b"auth_api kid", hashlib.sha256))[:16]
