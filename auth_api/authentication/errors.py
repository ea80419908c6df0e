"""Errors of authenticated callers that a route does not accept."""

from http import HTTPStatus
from typing import Final

from auth_api.kit.errors import AuthException
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sign_in.errors import StepUpRequiredException


class SessionRequiredException(AuthException):
    """An API key was sent where only the access token of a session is accepted."""

    status = HTTPStatus.FORBIDDEN
    error_code = "SESSION_REQUIRED"
    detail = "This request requires the session of a user, not an API key."
    remedy = "Ask the user to log in, and send the access token of the session."


PERMISSION_ERRORS: Final = (*AUTHENTICATION_ERRORS, PermissionDeniedException)
"""Errors of every operation that requires a permission."""

ADMINISTRATION_ERRORS: Final = (*PERMISSION_ERRORS, SessionRequiredException, StepUpRequiredException)
"""Errors of every operation of the admin API."""
