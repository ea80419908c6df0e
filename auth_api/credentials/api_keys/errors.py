"""Errors about API keys and service accounts."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException


class KeyNotFoundException(ApplicationException):
    """The user or service account has no API key with this id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "KEY_NOT_FOUND"
    detail = "The API key was not found."
    remedy = "Read the list of keys again: this one may have been removed."


class ServiceAccountNotFoundException(ApplicationException):
    """No service account has this id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "SERVICE_ACCOUNT_NOT_FOUND"
    detail = "The service account was not found."
    remedy = "Read the list of service accounts again: this one may have been deleted."
