"""Errors about roles, permissions, and acts on what has more of them than the caller."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from auth_api.kit.errors import ApplicationException, AuthException


class RankTooLowException(AuthException):
    """The account, role, service account, key or invitation has permissions that the caller lacks.

    `required_permission` names one of them; `*` stands for all permissions, which only administrators have.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "RANK_TOO_LOW"
    detail = "This needs more permissions than you have."
    remedy = (
        "Ask an administrator who has all permissions of the account, role, key or invitation, also "
        "`required_permission`."
    )

    def __init__(self, required_permission: str = "users:read") -> None:
        super().__init__()
        self.required_permission = required_permission

    @property
    def members(self) -> Mapping[str, Any]:
        """A permission that the caller lacks."""
        return {"required_permission": self.required_permission}


class SelfChangeRefusedException(AuthException):
    """An administrator tried to change their own account by the admin API."""

    status = HTTPStatus.FORBIDDEN
    error_code = "SELF_CHANGE_REFUSED"
    detail = "Administrators cannot change their own account here."
    remedy = "Use the routes under `/api/user`, or ask another administrator."


class RoleNotFoundException(ApplicationException):
    """A role with this name does not exist, or the user does not have it."""

    status = HTTPStatus.NOT_FOUND
    error_code = "ROLE_NOT_FOUND"
    detail = "The role was not found."
    remedy = "Read the list of roles again."


class PermissionNotFoundException(ApplicationException):
    """A permission with this name has not been declared."""

    status = HTTPStatus.NOT_FOUND
    error_code = "PERMISSION_NOT_FOUND"
    detail = "The permission was not found."
    remedy = "Read the list of permissions again."


class LastAdministratorException(ApplicationException):
    """After this change, no active account would have the role `administrator`."""

    status = HTTPStatus.CONFLICT
    error_code = "LAST_ADMINISTRATOR"
    detail = "This is the last active administrator."
    remedy = "Grant the role `administrator` to another active account first."


class BuiltInException(ApplicationException):
    """The role or the permission belongs to this server and cannot be changed or deleted."""

    status = HTTPStatus.CONFLICT
    error_code = "BUILT_IN"
    detail = "Built-in roles and permissions cannot be changed."
    remedy = "Create a role or a permission with another name."


class InUseException(ApplicationException):
    """An account, a role, an invitation or an API key still refers to it."""

    status = HTTPStatus.CONFLICT
    error_code = "IN_USE"
    detail = "A user, a role, a pending invitation or an API key still uses it."
    remedy = "Remove it from the accounts, roles, invitations and API keys that refer to it, and repeat the request."


class DuplicateNameException(ApplicationException):
    """The name is taken."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_NAME"
    detail = "This name is taken."
    remedy = "Choose another name."
