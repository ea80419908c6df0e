"""The form of refresh tokens for applications: `ort_`, the handle of their grant, and a secret.

All tokens of a grant have the same handle, so that a token that was replaced long ago still finds its grant.
"""

import re
import secrets
from collections.abc import Iterator
from typing import Final

from auth_api.kit.crypto.tokens import OAUTH_REFRESH_TOKEN, OpaqueToken, SuccessorDerivation, digest

HANDLE_BYTES: Final = 16

_PREFIX: Final = OAUTH_REFRESH_TOKEN.prefix
_HANDLE_LENGTH: Final = len(_PREFIX) + 22
"""With the prefix; 16 bytes are 22 characters of base64url."""

_FORM: Final = re.compile(_PREFIX + r"[A-Za-z0-9_-]{65}")


def new_refresh_token() -> OpaqueToken:
    """Generate the first refresh token of a grant."""
    secret_bytes = OAUTH_REFRESH_TOKEN.random_bytes - HANDLE_BYTES
    raw = _PREFIX + secrets.token_urlsafe(HANDLE_BYTES) + secrets.token_urlsafe(secret_bytes)
    return OpaqueToken(raw, digest(raw))


def handle_digest(raw: str) -> str | None:
    """Return the digest of the handle of a refresh token; None for a text of another form."""
    return digest(raw[:_HANDLE_LENGTH]) if _FORM.fullmatch(raw) else None


def successors(derivation: SuccessorDerivation, raw: str, salt: str) -> Iterator[OpaqueToken]:
    """Yield the successor of a refresh token that each derivation secret derives, newest secret first."""
    for derived in derivation.candidates(raw, salt):
        successor = raw[:_HANDLE_LENGTH] + derived.raw.removeprefix(_PREFIX)
        yield OpaqueToken(successor, digest(successor))
