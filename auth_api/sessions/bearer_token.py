"""Read the access token of a request."""

from collections.abc import Mapping
from typing import Any

from auth_api.sessions.errors import AuthenticationRequiredException, TokenInvalidException


def bearer_token(scope: Mapping[str, Any]) -> str:
    """Return the token of the Authorization header (RFC 6750 §2.1; the scheme in any case, RFC 9110 §11.1).

    Raises:
        AuthenticationRequiredException: there is none.
        TokenInvalidException: there are several, and nobody could say which one counts.
    """
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise TokenInvalidException
    scheme, _, token = values[0].decode("latin-1").partition(" ") if values else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationRequiredException
    return token.strip()
