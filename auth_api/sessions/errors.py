"""What can be wrong with a token."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException, AuthException

INVALID_TOKEN = 'Bearer error="invalid_token"'  # noqa: S105 - RFC 6750 §3.1


class AuthenticationRequiredException(AuthException):
    """No bearer token came with the request."""

    error_code = "AUTHENTICATION_REQUIRED"
    detail = "Log in first."
    remedy = "Log in, and send `Authorization: Bearer` with the access token."


class TokenExpiredException(AuthException):
    """A genuine token past its end."""

    error_code = "TOKEN_EXPIRED"
    detail = "The token has expired."
    remedy = (
        "If it was the access token, send the refresh token to `POST /api/auth/refresh` and repeat the request with "
        "the new one. If it was the refresh token, log in."
    )
    challenge = INVALID_TOKEN


class TokenInvalidException(AuthException):
    """The token was not issued here for this use, it is unknown, or it was changed."""

    error_code = "TOKEN_INVALID"
    detail = "The token is not valid."
    remedy = "Forget the tokens, and log in."
    challenge = INVALID_TOKEN


class TokenRevokedException(AuthException):
    """A genuine token whose session has ended, or whose account is disabled or gone."""

    error_code = "TOKEN_REVOKED"
    detail = "The session has ended."
    remedy = "Forget the tokens, and log in."
    challenge = INVALID_TOKEN


class RefreshTokenReusedException(AuthException):
    """A spent refresh token came back after its grace: somebody else may have it, so its session was ended."""

    error_code = "REFRESH_TOKEN_REUSED"
    detail = "This refresh token was used before; its session was ended."
    remedy = (
        "Forget the tokens, log in, and warn the person: unless two parts of the client refreshed at once, somebody "
        "else had the token."
    )
    challenge = INVALID_TOKEN


class SessionNotFoundException(ApplicationException):
    """The caller has no such session."""

    status = HTTPStatus.NOT_FOUND
    error_code = "SESSION_NOT_FOUND"
    detail = "Session not found"
    remedy = "Read the list of sessions again: this one is over."


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
