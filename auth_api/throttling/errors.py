"""Guessing."""

from http import HTTPStatus

from auth_api.kit.errors import RetryLaterException


class TooManyAttemptsException(RetryLaterException):
    """Too many failed attempts at this account, whether it exists or not."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "TOO_MANY_ATTEMPTS"
    detail = "Too many failed attempts; wait a little."
    remedy = "Wait `Retry-After` seconds before the next attempt; meanwhile, offer to reset the password."
