"""Errors about consents."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException


class ConsentNotFoundException(ApplicationException):
    """The user has no consent with this id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "CONSENT_NOT_FOUND"
    detail = "The consent was not found."
    remedy = "Read the list again: `GET /api/user/consents`."
