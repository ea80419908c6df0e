"""Errors about resource servers."""

from collections.abc import Iterable
from http import HTTPStatus

from auth_api.kit.errors import ApplicationException, FieldError


class ResourceNotFoundException(ApplicationException):
    """No resource has this id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "RESOURCE_NOT_FOUND"
    detail = "The resource was not found."
    remedy = "Read the list again: `GET /api/admin/oauth/resources`."


class DuplicateResourceException(ApplicationException):
    """The identifier, or the name of a scope, belongs to another resource. `errors` names the field."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_RESOURCE"
    detail = "The identifier or the name of a scope belongs to another resource."
    remedy = "Choose another value for the field that `errors` names."

    def __init__(self, errors: Iterable[FieldError] = ()) -> None:
        super().__init__()
        self.errors = tuple(errors)
