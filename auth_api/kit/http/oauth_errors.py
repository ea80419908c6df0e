"""Errors of the OAuth endpoints: their names are those of RFC 6749 §5.2 and of its extensions.

They have no `error_code`, as only these endpoints return them, in a form of their own.
"""

from http import HTTPStatus
from typing import ClassVar, Final

import msgspec

from auth_api.kit.errors import ApplicationException

INVALID_REQUEST: Final = "invalid_request"
TEMPORARILY_UNAVAILABLE: Final = "temporarily_unavailable"
SERVER_ERROR: Final = "server_error"

_ERRORS_BY_STATUS: Final = {
    HTTPStatus.REQUEST_TIMEOUT: TEMPORARILY_UNAVAILABLE,
    HTTPStatus.TOO_MANY_REQUESTS: TEMPORARILY_UNAVAILABLE,
    HTTPStatus.SERVICE_UNAVAILABLE: TEMPORARILY_UNAVAILABLE,
    HTTPStatus.INTERNAL_SERVER_ERROR: SERVER_ERROR,
}
"""Of errors that are not specific to OAuth; the others are `invalid_request`."""


class OAuthError(msgspec.Struct, frozen=True):
    """The body of an error (RFC 6749 §5.2)."""

    error: str
    error_description: str
    request_id: str


class OAuthException(ApplicationException):
    """An error of an OAuth endpoint.

    Args:
        description: one fixed sentence in ASCII, without quotation marks and backslashes (RFC 6749 §5.2); that of the
            class if empty.
    """

    status = HTTPStatus.BAD_REQUEST
    error: ClassVar[str]
    description: str

    def __init__(self, description: str = "") -> None:
        self.description = description or self.description
        self.detail = self.description  # type: ignore[misc] # the text of the exception
        super().__init__()


class InvalidRequestException(OAuthException):
    """A parameter is missing, repeated or malformed, or two of them contradict each other."""

    error = INVALID_REQUEST
    description = "A parameter of the request is missing, repeated or malformed."


class InvalidClientException(OAuthException):
    """The client is unknown or disabled, or has not authenticated itself correctly.

    Args:
        used_basic: whether the request has a header `Authorization`, to which a challenge responds.
    """

    status = HTTPStatus.UNAUTHORIZED
    error = "invalid_client"
    description = "The client is unknown, or its authentication failed."

    def __init__(self, *, used_basic: bool = False) -> None:
        super().__init__()
        self._used_basic = used_basic

    @property
    def headers(self) -> dict[str, str]:
        """The challenge (RFC 6749 §5.2)."""
        return {"WWW-Authenticate": 'Basic realm="auth_api"'} if self._used_basic else {}


class InvalidGrantException(OAuthException):
    """The code or refresh token is unknown, expired, used, revoked, or of another client or redirect URI."""

    error = "invalid_grant"
    description = "The code or token is invalid, has expired, was used or revoked, or belongs to another client."


class UnauthorizedClientException(OAuthException):
    """The client may not use this grant type, or does not own the token."""

    error = "unauthorized_client"
    description = "The client is not allowed to do this."


class UnsupportedGrantTypeException(OAuthException):
    """No grant type has this name."""

    error = "unsupported_grant_type"
    description = "The grant type is not supported."


class InvalidScopeException(OAuthException):
    """No scope that the client may ask for was named, or one that it may not ask for."""

    error = "invalid_scope"
    description = "The scope is missing or unknown, or the client may not ask for it."


class InvalidTargetException(OAuthException):
    """The resource is unknown or not granted, or the request must name only one (RFC 8707 §2)."""

    error = "invalid_target"
    description = "The resource is unknown or was not granted, or more than one resource is possible."


class AuthorizationPendingException(OAuthException):
    """The user has not decided yet (RFC 8628 §3.5)."""

    error = "authorization_pending"
    description = "The user has not decided yet."


class SlowDownException(OAuthException):
    """The device asks too often: its interval is 5 seconds longer from now on (RFC 8628 §3.5)."""

    error = "slow_down"
    description = "The device asks too often. Its interval is now 5 seconds longer."


class AccessDeniedException(OAuthException):
    """The user refused."""

    error = "access_denied"
    description = "The user refused the request."


class ExpiredTokenException(OAuthException):
    """The device code has expired (RFC 8628 §3.5)."""

    error = "expired_token"
    description = "The device code has expired."


class InvalidTokenException(OAuthException):
    """The access token is missing, malformed, expired or revoked (RFC 6750 §3.1).

    Args:
        is_missing: whether the request has no token, of which the challenge then says nothing.
    """

    status = HTTPStatus.UNAUTHORIZED
    error = "invalid_token"
    description = "The access token is missing, malformed, expired or revoked."

    def __init__(self, *, is_missing: bool = False) -> None:
        super().__init__()
        self._is_missing = is_missing

    @property
    def headers(self) -> dict[str, str]:
        """The challenge, which every 401 must have (RFC 9110 §15.5.2)."""
        return {"WWW-Authenticate": "Bearer" if self._is_missing else 'Bearer error="invalid_token"'}


class InsufficientScopeException(OAuthException):
    """The access token has not the scope that the endpoint needs (RFC 6750 §3.1)."""

    status = HTTPStatus.FORBIDDEN
    error = "insufficient_scope"
    description = "The access token lacks a scope that this endpoint needs."

    @property
    def headers(self) -> dict[str, str]:
        """The challenge."""
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="openid"'}


def oauth_error_of(error: ApplicationException, request_id: str) -> OAuthError:
    """Return the body of any error of an OAuth endpoint."""
    name = error.error if isinstance(error, OAuthException) else _ERRORS_BY_STATUS.get(error.status, INVALID_REQUEST)
    return OAuthError(name, error.detail, request_id)


def oauth_headers_of(error: ApplicationException) -> dict[str, str]:
    """Return the headers of any error of an OAuth endpoint: a request to repeat has `Retry-After`."""
    is_temporary = _ERRORS_BY_STATUS.get(error.status) == TEMPORARILY_UNAVAILABLE
    return ({"Retry-After": "1"} if is_temporary else {}) | error.headers
