"""Errors about sessions and tokens."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException, AuthException

INVALID_TOKEN = 'Bearer error="invalid_token"'  # noqa: S105 - RFC 6750 §3.1


class AuthenticationRequiredException(AuthException):
    """The request has no bearer token."""

    error_code = "AUTHENTICATION_REQUIRED"
    detail = "This request requires a login."
    remedy = "Ask the user to log in, and send `Authorization: Bearer` with the access token."


class TokenExpiredException(AuthException):
    """The token is genuine, but has expired."""

    error_code = "TOKEN_EXPIRED"
    detail = "The token has expired."
    remedy = (
        "If it was the access token, send the refresh token to `POST /api/auth/refresh` and repeat the request with "
        "the new access token. If it was the refresh token, ask the user to log in. For an API key, create another."
    )
    challenge = INVALID_TOKEN


class TokenInvalidException(AuthException):
    """The token is unknown, was modified, or was issued by another server or for another application or purpose."""

    error_code = "TOKEN_INVALID"
    detail = "The token is not valid."
    remedy = "Discard the session and ask the user to log in, or compare the API key with the original."
    challenge = INVALID_TOKEN


class TokenRevokedException(AuthException):
    """The token is genuine, but its session has ended, it was revoked, or its account is disabled or deleted."""

    error_code = "TOKEN_REVOKED"
    detail = "The session has ended, or the API key has been revoked."
    remedy = "Discard the session and ask the user to log in, or create another API key."
    challenge = INVALID_TOKEN


class RefreshTokenReusedException(AuthException):
    """A used refresh token was sent again after `REFRESH_GRACE_SECONDS`, or after its successor was used.

    It may have been stolen, so its session was ended.
    """

    error_code = "REFRESH_TOKEN_REUSED"
    detail = "The refresh token has already been used."
    remedy = (
        "Discard the session, ask the user to log in, and warn them: unless two parts of the client refreshed at the "
        "same time, someone else had the token."
    )
    challenge = INVALID_TOKEN


class SessionNotFoundException(ApplicationException):
    """The user has no active session with this id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "SESSION_NOT_FOUND"
    detail = "The session was not found."
    remedy = "Read the list of sessions again: this session has ended."


AUTHENTICATION_ERRORS = (
    AuthenticationRequiredException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
"""Errors of every operation that requires an access token."""

OPTIONAL_AUTHENTICATION_ERRORS = (
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
"""Errors of an operation that accepts an access token but does not require one."""
