"""What can be wrong with a token."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException, AuthException

INVALID_TOKEN = 'Bearer error="invalid_token"'  # noqa: S105 - RFC 6750 §3.1


class AuthenticationRequiredException(AuthException):
    """No bearer token came with the request."""

    error_code = "AUTHENTICATION_REQUIRED"
    detail = "Log in first."


class TokenExpiredException(AuthException):
    """A genuine token past its end."""

    error_code = "TOKEN_EXPIRED"
    detail = "The token has expired."
    challenge = INVALID_TOKEN


class TokenInvalidException(AuthException):
    """Anything else that is wrong with a token."""

    error_code = "TOKEN_INVALID"
    detail = "The token is not valid."
    challenge = INVALID_TOKEN


class TokenRevokedException(AuthException):
    """A genuine token whose session has ended, or whose account is disabled or gone."""

    error_code = "TOKEN_REVOKED"
    detail = "The session has ended."
    challenge = INVALID_TOKEN


class RefreshTokenReusedException(AuthException):
    """A spent refresh token came back after its grace: somebody else may have it, so its session was ended."""

    error_code = "REFRESH_TOKEN_REUSED"
    detail = "This refresh token was used before; its session was ended."
    challenge = INVALID_TOKEN


class SessionNotFoundException(ApplicationException):
    """The caller has no such session."""

    status = HTTPStatus.NOT_FOUND
    error_code = "SESSION_NOT_FOUND"
    detail = "Session not found"


AUTHENTICATION_ERRORS = (
    AuthenticationRequiredException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
"""What every operation that needs a token can answer."""

OPTIONAL_AUTHENTICATION_ERRORS = (
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
"""What an operation that does more with a token can answer to a bad one."""
