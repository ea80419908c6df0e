"""Errors about applications."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException


class ClientNotFoundException(ApplicationException):
    """No application has this `client_id`."""

    status = HTTPStatus.NOT_FOUND
    error_code = "CLIENT_NOT_FOUND"
    detail = "The application was not found."
    remedy = "Read the list again: `GET /api/admin/oauth/clients`."
