"""Errors of the account throttle."""

from http import HTTPStatus

from auth_api.kit.errors import RetryLaterException


class TooManyAttemptsException(RetryLaterException):
    """Too many failed attempts on this user, whether the user exists or not."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "TOO_MANY_ATTEMPTS"
    detail = "There were too many failed attempts."
    remedy = "Wait `Retry-After` seconds before the next attempt. In the meantime, offer to reset the password."
