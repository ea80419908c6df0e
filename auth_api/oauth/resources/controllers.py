"""Routes with which administrators manage resource servers."""

from typing import Annotated, Final

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, ErrorClass, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.resources.errors import DuplicateResourceException, ResourceNotFoundException
from auth_api.oauth.resources.resource_administration import ResourceAdministration
from auth_api.oauth.resources.resource_fields import NewResource, ResourceChange
from auth_api.oauth.resources.schemas import (
    EXAMPLE_NEW_RESOURCE,
    EXAMPLE_RESOURCE,
    ResourceList,
    ResourceResponse,
    resource_view,
)
from auth_api.oauth.resources.service import Resources

READ: Final = administration("clients:read", accepts_key=True)
WRITE: Final = administration("clients:write", accepts_key=True, needs_recent_proof=True)
ERRORS: Final[tuple[ErrorClass, ...]] = (*ADMINISTRATION_ERRORS, *DATABASE_ERRORS)

ResourceId = Annotated[str, PathParameter(description="The `id` of the resource.")]


class ResourceController(Controller):
    """Create, change and delete resource servers."""

    path = "/api/admin/oauth/resources"
    tags = ("Applications",)

    @get(
        "",
        summary="List resources",
        operation_id="listResources",
        **with_access(READ, ValidationException, *ERRORS, response={"items": [EXAMPLE_RESOURCE], "next_cursor": None}),
    )
    async def list_resources(self, resources: Injected[Resources], page: Injected[PageRequest]) -> ResourceList:
        """Return all resources, newest first."""
        found, next_cursor = await resources.page(page)
        return ResourceList(items=list(map(resource_view, found)), next_cursor=next_cursor)

    @get(
        "/{resource_id:str}",
        summary="Read a resource",
        operation_id="readResource",
        **with_access(READ, ResourceNotFoundException, *ERRORS, response=EXAMPLE_RESOURCE),
    )
    async def read_resource(self, resource_id: ResourceId, resources: Injected[Resources]) -> ResourceResponse:
        """Return a resource."""
        return resource_view(await resources.find(parse_id(resource_id) or 0))

    @post(
        "",
        summary="Create a resource",
        operation_id="createResource",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            DuplicateResourceException,
            LimitReachedException,
            response=EXAMPLE_RESOURCE,
            request=EXAMPLE_NEW_RESOURCE,
        ),
    )
    async def create_resource(
        self,
        data: JSONBody[NewResource],
        caller: Injected[Caller],
        resource_administration: Injected[ResourceAdministration],
        request_context: Injected[RequestContext],
    ) -> ResourceResponse:
        """Create a resource. Each scope belongs to one resource. The server stores at most 100."""
        return resource_view(
            await resource_administration.create(data, by=caller.authority, request_context=request_context)
        )

    @patch(
        "/{resource_id:str}",
        summary="Change a resource",
        operation_id="changeResource",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            ResourceNotFoundException,
            DuplicateResourceException,
            response=EXAMPLE_RESOURCE,
            request={"scopes": EXAMPLE_NEW_RESOURCE["scopes"]},
        ),
    )
    async def change_resource(
        self,
        resource_id: ResourceId,
        data: JSONBody[ResourceChange],
        caller: Injected[Caller],
        resource_administration: Injected[ResourceAdministration],
        request_context: Injected[RequestContext],
    ) -> ResourceResponse:
        """Change a resource. Its identifier stays: access tokens of the former one would be accepted nowhere."""
        changed = await resource_administration.change(
            parse_id(resource_id) or 0, data, by=caller.authority, request_context=request_context
        )
        return resource_view(changed)

    @delete(
        "/{resource_id:str}",
        status_code=204,
        summary="Delete a resource",
        operation_id="deleteResource",
        **with_access(WRITE, *ERRORS, ResourceNotFoundException),
    )
    async def delete_resource(
        self,
        resource_id: ResourceId,
        caller: Injected[Caller],
        resource_administration: Injected[ResourceAdministration],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete a resource. Its scopes are unknown from then on."""
        await resource_administration.delete(
            parse_id(resource_id) or 0, by=caller.authority, request_context=request_context
        )
