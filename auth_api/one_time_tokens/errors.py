"""Errors of one-time tokens."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException


class OneTimeTokenInvalidException(ApplicationException):
    """The one-time token is unknown, used, expired or for another purpose; the response does not reveal which."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "ONE_TIME_TOKEN_INVALID"
    detail = "The link or code is invalid, already used or expired."
    remedy = "Let the user request a new e-mail."
