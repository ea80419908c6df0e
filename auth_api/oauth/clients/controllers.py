"""Routes with which administrators manage applications."""

from typing import Annotated, Final

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, ErrorClass, with_access
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client_administration import ClientAdministration
from auth_api.oauth.clients.client_fields import ClientChange, NewClient
from auth_api.oauth.clients.errors import ClientNotFoundException
from auth_api.oauth.clients.schemas import (
    DEFAULT_OVERLAP_HOURS,
    EXAMPLE_CLIENT,
    EXAMPLE_NEW_CLIENT,
    EXAMPLE_REGISTERED_CLIENT,
    ClientList,
    ClientResponse,
    NewSecret,
    RegisteredClientResponse,
    client_view,
    registered_view,
)
from auth_api.oauth.clients.service import Clients

READ: Final = administration("clients:read", accepts_key=True)
WRITE: Final = administration("clients:write", accepts_key=True, needs_recent_proof=True)
ERRORS: Final[tuple[ErrorClass, ...]] = (*ADMINISTRATION_ERRORS, *DATABASE_ERRORS)

ClientId = Annotated[str, PathParameter(description="The `client_id` of the application.")]


class ClientController(Controller):
    """Register, change and delete applications."""

    path = "/api/admin/oauth/clients"
    tags = ("Applications",)

    @get(
        "",
        summary="List applications",
        operation_id="listApplications",
        **with_access(READ, ValidationException, *ERRORS, response={"items": [EXAMPLE_CLIENT], "next_cursor": None}),
    )
    async def list_clients(self, clients: Injected[Clients], page: Injected[PageRequest]) -> ClientList:
        """Return all applications, newest first."""
        found, next_cursor = await clients.page(page)
        return ClientList(items=list(map(client_view, found)), next_cursor=next_cursor)

    @get(
        "/{client_id:str}",
        summary="Read an application",
        operation_id="readApplication",
        **with_access(READ, ClientNotFoundException, *ERRORS, response=EXAMPLE_CLIENT),
    )
    async def read_client(self, client_id: ClientId, clients: Injected[Clients]) -> ClientResponse:
        """Return an application."""
        return client_view(await clients.existing(client_id))

    @post(
        "",
        summary="Register an application",
        operation_id="registerApplication",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            LimitReachedException,
            response=EXAMPLE_REGISTERED_CLIENT,
            request=EXAMPLE_NEW_CLIENT,
        ),
    )
    async def register_client(
        self,
        data: JSONBody[NewClient],
        caller: Injected[Caller],
        client_administration: Injected[ClientAdministration],
        request_context: Injected[RequestContext],
    ) -> RegisteredClientResponse:
        """Register an application. Only this response contains its secret. The server stores at most 1,000."""
        return registered_view(
            await client_administration.register(data, by=caller.authority, request_context=request_context)
        )

    @patch(
        "/{client_id:str}",
        summary="Change an application",
        operation_id="changeApplication",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            ClientNotFoundException,
            response=EXAMPLE_CLIENT,
            request={"redirect_uris": EXAMPLE_NEW_CLIENT["redirect_uris"]},
        ),
    )
    async def change_client(
        self,
        client_id: ClientId,
        data: JSONBody[ClientChange],
        caller: Injected[Caller],
        client_administration: Injected[ClientAdministration],
        request_context: Injected[RequestContext],
    ) -> ClientResponse:
        """Change an application.

        If it gets data without the consent of users (`first_party`, `require_pkce: false`, or the scope `roles`), every
        change but `"is_active": false` needs the permission `*`.
        """
        changed = await client_administration.change(
            client_id, data, by=caller.authority, request_context=request_context
        )
        return client_view(changed)

    @delete(
        "/{client_id:str}",
        status_code=204,
        summary="Delete an application",
        operation_id="deleteApplication",
        **with_access(WRITE, *ERRORS, ClientNotFoundException),
    )
    async def delete_client(
        self,
        client_id: ClientId,
        caller: Injected[Caller],
        client_administration: Injected[ClientAdministration],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete an application, what users have allowed it, and the access that it has."""
        await client_administration.delete(client_id, by=caller.authority, request_context=request_context)

    @post(
        "/{client_id:str}/secret",
        status_code=200,
        summary="Replace the secret of an application",
        operation_id="replaceApplicationSecret",
        **with_access(
            WRITE,
            *BODY_ERRORS,
            *ERRORS,
            ClientNotFoundException,
            response=EXAMPLE_REGISTERED_CLIENT,
            request={"overlap_hours": DEFAULT_OVERLAP_HOURS},
        ),
    )
    async def replace_secret(
        self,
        client_id: ClientId,
        data: JSONBody[NewSecret],
        caller: Injected[Caller],
        client_administration: Injected[ClientAdministration],
        request_context: Injected[RequestContext],
    ) -> RegisteredClientResponse:
        """Give an application a new secret. The former one is accepted for `overlap_hours`, an older one no longer."""
        rotated = await client_administration.rotate_secret(
            client_id, overlap_hours=data.overlap_hours, by=caller.authority, request_context=request_context
        )
        return registered_view(rotated)
