"""Routes of roles and permissions."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.role_administration.schemas import (
    EXAMPLE_PERMISSION,
    EXAMPLE_ROLE,
    NewRole,
    PermissionDescription,
    PermissionList,
    PermissionResponse,
    RoleChange,
    RoleList,
    RoleResponse,
    permission_view,
    role_view,
)
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, ErrorClass, also, with_access
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import (
    BuiltInException,
    DuplicateNameException,
    InUseException,
    PermissionNotFoundException,
    RankTooLowException,
    RoleNotFoundException,
)
from auth_api.roles.permission_catalogue import PermissionCatalogue
from auth_api.roles.role_catalogue import RoleCatalogue
from auth_api.roles.service import RoleService

READ: Final = administration("roles:read", accepts_key=True)
WRITE: Final = administration("roles:write", accepts_key=True, needs_recent_proof=True)
TAGS: Final = ("Roles",)
ERRORS: Final[tuple[ErrorClass, ...]] = (*ADMINISTRATION_ERRORS, *DATABASE_ERRORS)
EXAMPLE_BODY: Final[dict[str, Any]] = {key: EXAMPLE_ROLE[key] for key in ("name", "description", "permissions")}

_RoleName = Annotated[str, PathParameter(description="The `name` of the role.")]
_PermissionName = Annotated[str, PathParameter(description="The `name` of the permission.")]


class RoleController(Controller):
    """List and change roles."""

    path = "/api/admin/roles"
    tags = TAGS

    @get(
        "",
        summary="List roles",
        operation_id="listRoles",
        **with_access(READ, *ERRORS, response={"items": [EXAMPLE_ROLE], "next_cursor": None}),
    )
    async def list_roles(self, roles: Injected[RoleService]) -> RoleList:
        """Return all roles, by name."""
        return RoleList(items=[role_view(role) for role in await roles.all()])

    @get(
        "/{name:str}",
        summary="Read a role",
        operation_id="readRole",
        **with_access(READ, RoleNotFoundException, *ERRORS, response=EXAMPLE_ROLE),
    )
    async def read_role(self, name: _RoleName, roles: Injected[RoleService]) -> RoleResponse:
        """Return a role."""
        return role_view(await roles.find(name))

    @post(
        "",
        summary="Create a role",
        operation_id="createRole",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            RankTooLowException,
            DuplicateNameException,
            LimitReachedException,
            response=EXAMPLE_ROLE,
            request=EXAMPLE_BODY,
        ),
    )
    async def create_role(
        self,
        data: JSONBody[NewRole],
        caller: Injected[Caller],
        role_catalogue: Injected[RoleCatalogue],
        request_context: Injected[RequestContext],
    ) -> RoleResponse:
        """Create a role whose permissions the caller has. The server stores at most 200 roles."""
        fields = msgspec.structs.asdict(data)
        return role_view(await role_catalogue.create(**fields, by=caller.authority, request_context=request_context))

    @patch(
        "/{name:str}",
        summary="Change a role",
        operation_id="changeRole",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            RoleNotFoundException,
            RankTooLowException,
            BuiltInException,
            response=EXAMPLE_ROLE,
            request={"permissions": EXAMPLE_ROLE["permissions"]},
        ),
    )
    async def change_role(
        self,
        name: _RoleName,
        data: JSONBody[RoleChange],
        caller: Injected[Caller],
        role_catalogue: Injected[RoleCatalogue],
        request_context: Injected[RequestContext],
    ) -> RoleResponse:
        """Change a role whose permissions, before and after, the caller has. It applies from the next request on."""
        fields = msgspec.structs.asdict(data)
        return role_view(
            await role_catalogue.change(name, **fields, by=caller.authority, request_context=request_context)
        )

    @delete(
        "/{name:str}",
        status_code=204,
        summary="Delete a role",
        operation_id="deleteRole",
        **with_access(WRITE, *ERRORS, RoleNotFoundException, RankTooLowException, BuiltInException, InUseException),
    )
    async def delete_role(
        self,
        name: _RoleName,
        caller: Injected[Caller],
        role_catalogue: Injected[RoleCatalogue],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete a role that no account has and no pending invitation names."""
        await role_catalogue.delete(name, by=caller.authority, request_context=request_context)


class PermissionController(Controller):
    """List and change permissions."""

    path = "/api/admin/permissions"
    tags = TAGS

    @get(
        "",
        summary="List permissions",
        operation_id="listPermissions",
        **with_access(READ, *ERRORS, response={"items": [EXAMPLE_PERMISSION], "next_cursor": None}),
    )
    async def list_permissions(self, permission_catalogue: Injected[PermissionCatalogue]) -> PermissionList:
        """Return all permissions, by name: those of this server, and those that were declared."""
        return PermissionList(items=[permission_view(each) for each in await permission_catalogue.all()])

    @put(
        "/{name:str}",
        summary="Declare a permission",
        operation_id="declarePermission",
        **also(
            with_access(
                WRITE,
                *BODY_ERRORS,
                *ERRORS,
                BuiltInException,
                LimitReachedException,
                response=EXAMPLE_PERMISSION,
                request={"description": EXAMPLE_PERMISSION["description"]},
            ),
            status=201,
            response=PermissionResponse,
            description="The permission has been created.",
            example=EXAMPLE_PERMISSION,
        ),
    )
    async def declare_permission(
        self,
        name: _PermissionName,
        data: JSONBody[PermissionDescription],
        caller: Injected[Caller],
        permission_catalogue: Injected[PermissionCatalogue],
        request_context: Injected[RequestContext],
    ) -> Response[PermissionResponse]:
        """Declare a permission of your own APIs, or change its description. The server stores at most 500."""
        listed, is_new = await permission_catalogue.declare(
            name, data.description, by=caller.authority, request_context=request_context
        )
        return Response(permission_view(listed), status_code=201 if is_new else 200)

    @delete(
        "/{name:str}",
        status_code=204,
        summary="Delete a permission",
        operation_id="deletePermission",
        **with_access(WRITE, *ERRORS, PermissionNotFoundException, BuiltInException, InUseException),
    )
    async def delete_permission(
        self,
        name: _PermissionName,
        caller: Injected[Caller],
        permission_catalogue: Injected[PermissionCatalogue],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete a declared permission that no role and no live API key contains."""
        await permission_catalogue.delete(name, by=caller.authority, request_context=request_context)
