"""Routes that grant and revoke roles."""

from typing import Annotated, Final

from litestar import Controller, delete, put
from litestar.params import PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.role_administration.assignments import RoleAssignments
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, ErrorClass, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import (
    LastAdministratorException,
    RankTooLowException,
    RoleNotFoundException,
    SelfChangeRefusedException,
)
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.users.errors import UserNotFoundException

ASSIGN: Final = administration("roles:assign", accepts_key=True, needs_recent_proof=True)
ERRORS: Final[tuple[ErrorClass, ...]] = (
    *ADMINISTRATION_ERRORS,
    *DATABASE_ERRORS,
    UserNotFoundException,
    RoleNotFoundException,
    SelfChangeRefusedException,
    RankTooLowException,
)

_UserId = Annotated[str, PathParameter(description="The `id` of the user.")]
_RoleName = Annotated[str, PathParameter(description="The `name` of the role.")]


class RoleAssignmentController(Controller):
    """Grant roles to users and revoke them."""

    path = "/api/admin/users/{user_id:str}/roles/{role:str}"
    tags = ("Roles",)

    @put(
        "",
        status_code=204,
        summary="Grant a role",
        operation_id="grantRole",
        **with_access(ASSIGN, *ERRORS, EmailNotVerifiedException, LimitReachedException),
    )
    async def grant_role(
        self,
        user_id: _UserId,
        role: _RoleName,
        caller: Injected[Caller],
        role_assignments: Injected[RoleAssignments],
        request_context: Injected[RequestContext],
    ) -> None:
        """Give a user a role. The user is told by mail. A user can have at most 20 roles."""
        await role_assignments.grant(parse_id(user_id) or 0, role, by=caller.authority, request_context=request_context)

    @delete(
        "",
        status_code=204,
        summary="Revoke a role",
        operation_id="revokeRole",
        **with_access(ASSIGN, *ERRORS, LastAdministratorException),
    )
    async def revoke_role(
        self,
        user_id: _UserId,
        role: _RoleName,
        caller: Injected[Caller],
        role_assignments: Injected[RoleAssignments],
        request_context: Injected[RequestContext],
    ) -> None:
        """Take a role from a user, from the next request on. The user is told by mail."""
        await role_assignments.revoke(
            parse_id(user_id) or 0, role, by=caller.authority, request_context=request_context
        )
