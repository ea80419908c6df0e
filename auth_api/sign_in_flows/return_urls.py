"""Where a sign-in may lead back to, and what proves there that the same application began it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.sign_in_flows.errors import ReturnToNotAllowedException

RETURN_TO: Final = "return_to"
CODE_CHALLENGE: Final = "code_challenge"
CODE_CHALLENGE_METHOD: Final = "code_challenge_method"

S256: Final = "S256"

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""The base64url form of a SHA-256 digest (RFC 7636 §4.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnUrls:
    """The addresses of applications that a sign-in may lead back to."""

    urls: frozenset[str]

    def check(self, return_to: str) -> str:
        """Return an address if it is allowed. It is compared as a text and never parsed (RFC 9700 §4.1.3).

        Raises:
            ReturnToNotAllowedException: it is not one of them, character by character.
        """
        if return_to not in self.urls:
            raise ReturnToNotAllowedException
        return return_to


def read_challenge(fields: Mapping[str, str]) -> str:
    """Return the code challenge of a sign-in, which is always the SHA-256 digest of the verifier (RFC 7636 §4.2).

    Args:
        fields: the parameters of the request.

    Raises:
        ValidationException: it is missing or has another length or form, or the application names another method.
    """
    challenge = fields.get(CODE_CHALLENGE, "")
    if fields.get(CODE_CHALLENGE_METHOD, S256) != S256:
        raise ValidationException([FieldError(CODE_CHALLENGE_METHOD, "format", f"Must be `{S256}` or absent.")])
    if not challenge:
        raise ValidationException([FieldError(CODE_CHALLENGE, "missing", "This field is required.")])
    if _CHALLENGE.fullmatch(challenge) is None:
        raise ValidationException([FieldError(CODE_CHALLENGE, "format", "Must be 43 characters of base64url.")])
    return challenge


def with_result(return_to: str, name: str, value: str) -> str:
    """Return the address with the result of the sign-in.

    Browsers do not send a fragment to the server of the application. Apps get a query, as not every system passes the
    fragment of a private scheme on.

    Args:
        return_to: one of the allowed addresses.
        name: `code` or `error`.
        value: the hand-off code, or the code of an error.
    """
    if return_to.startswith(("https://", "http://")):
        return f"{return_to}#{name}={value}"
    return f"{return_to}{'&' if '?' in return_to else '?'}{name}={value}"
