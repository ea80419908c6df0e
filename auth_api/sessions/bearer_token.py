"""The access token of a request."""

from collections.abc import Mapping
from typing import Any

from auth_api.sessions.errors import AuthenticationRequiredException, TokenInvalidException


def bearer_token(scope: Mapping[str, Any]) -> str:
    """Return the token of the Authorization header (RFC 6750 §2.1). The scheme is case-insensitive (RFC 9110 §11.1).

    Raises:
        AuthenticationRequiredException: the request has no bearer token.
        TokenInvalidException: the request has several Authorization headers.
    """
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise TokenInvalidException
    scheme, _, token = values[0].decode("latin-1").partition(" ") if values else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationRequiredException
    return token.strip()
