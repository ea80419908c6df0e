"""Errors about identities."""

from http import HTTPStatus

from auth_api.kit.errors import AuthException


class IdentityNotFoundException(AuthException):
    """The user has no identity with this id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "IDENTITY_NOT_FOUND"
    detail = "The identity was not found."
    remedy = "Read the list again: `GET /api/user/identities`."


class IdentityTakenException(AuthException):
    """The account at the provider is linked to another user."""

    status = HTTPStatus.CONFLICT
    error_code = "IDENTITY_TAKEN"
    detail = "This account of the provider is linked to another user."
    remedy = "Let the user log in with it instead, or choose another account at the provider."
