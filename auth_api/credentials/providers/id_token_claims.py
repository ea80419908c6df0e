"""Check what a genuine ID token states (OpenID Connect Core 1.0 §3.1.3.7).

PyJWT's own check accepts an audience with strangers, an empty subject and times that are texts, and ignores `azp`.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.kit import base64url

LEEWAY_SECONDS: Final = 60
"""Difference between the clocks of the provider and of this server."""

MAX_AGE_SECONDS: Final = 600
"""A code is redeemed at once, and its ID token is made then."""

_SUBJECT: Final = re.compile(r"[!-~]{1,255}")
"""At most 255 characters of ASCII (OpenID Connect Core 1.0 §2)."""


class ExpectedClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What the claims must fit.

    Attributes:
        client_id: this server's id at the provider.
        nonce: the nonce of the request; None if it had none.
        access_token: what the provider returned together with the ID token.
        algorithm: what the ID token is signed with.
        now: the current time, in Unix seconds.
        min_auth_time: when the person must have logged in at the earliest, if the provider states when.
    """

    client_id: str
    nonce: str | None
    access_token: str
    algorithm: str
    now: float
    min_auth_time: float = 0

    def check(self, claims: Mapping[str, Any]) -> None:
        """Check all claims except the issuer, which depends on the provider.

        Raises:
            AnswerRefusedError: a claim is missing, malformed or wrong.
        """
        get, earliest, latest = claims.get, self.now - LEEWAY_SECONDS, self.now + LEEWAY_SECONDS
        at_hash = _half_hash(self.algorithm, self.access_token)
        rules = {
            "aud": get("aud") in (self.client_id, [self.client_id]),
            "azp": get("azp", self.client_id) == self.client_id,
            "nonce": get("nonce") == self.nonce,
            "sub": is_subject(get("sub")),
            "exp": _is_time(get("exp")) and claims["exp"] > earliest,
            "iat": _is_time(get("iat")) and earliest - MAX_AGE_SECONDS <= claims["iat"] <= latest,
            "nbf": _is_time(get("nbf", 0)) and get("nbf", 0) <= latest,
            "auth_time": _is_time(get("auth_time", 0)) and get("auth_time", self.min_auth_time) >= self.min_auth_time,
            "at_hash": get("at_hash", at_hash) == at_hash,
        }
        for claim, is_right in rules.items():
            if not is_right:
                raise AnswerRefusedError(reason=f"id_token.{claim}")


def is_subject(value: Any) -> bool:
    """Return whether a value can identify a person at a provider."""
    return isinstance(value, str) and _SUBJECT.fullmatch(value) is not None


def _is_time(value: Any) -> bool:
    """Return whether a value is a NumericDate (RFC 7519 §2), which JSON does not tell from other numbers."""
    return type(value) in {int, float} and value >= 0


def _half_hash(algorithm: str, token: str) -> str:
    """Return the claim `at_hash` of an access token (OpenID Connect Core 1.0 §3.1.3.6)."""
    digest = hashlib.new(f"sha{algorithm[-3:] if algorithm != 'EdDSA' else 512}", token.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2])
