"""Routes with which administrators manage service accounts."""

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.credentials.api_keys.errors import ServiceAccountNotFoundException
from auth_api.credentials.api_keys.service_accounts import ServiceAccounts
from auth_api.flows.service_accounts.routes import PATH, READS, WRITES
from auth_api.flows.service_accounts.schemas import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_NEW_ACCOUNT,
    NewServiceAccount,
    ServiceAccountChange,
    ServiceAccountList,
    ServiceAccountResponse,
    account_view,
)
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import DuplicateNameException, RankTooLowException

AccountId = Annotated[str, PathParameter(description="The `id` of the service account.")]


class ServiceAccountController(Controller):
    """Create, change and delete service accounts."""

    path = PATH
    tags = ("Service accounts",)

    @get(
        "/",
        summary="List service accounts",
        operation_id="listServiceAccounts",
        **with_access(
            READS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_ACCOUNT], "next_cursor": None},
        ),
    )
    async def list_accounts(
        self, service_accounts: Injected[ServiceAccounts], page: Injected[PageRequest]
    ) -> ServiceAccountList:
        """Return all service accounts, newest first."""
        accounts, next_cursor = await service_accounts.page(page)
        return ServiceAccountList(items=list(map(account_view, accounts)), next_cursor=next_cursor)

    @get(
        "/{account_id:str}",
        summary="Read a service account",
        operation_id="readServiceAccount",
        **with_access(
            READS,
            *ADMINISTRATION_ERRORS,
            ServiceAccountNotFoundException,
            *DATABASE_ERRORS,
            response=EXAMPLE_ACCOUNT,
        ),
    )
    async def read_account(
        self, account_id: AccountId, service_accounts: Injected[ServiceAccounts]
    ) -> ServiceAccountResponse:
        """Return a service account."""
        return account_view(await service_accounts.find(parse_id(account_id) or 0))

    @post(
        "/",
        status_code=201,
        summary="Create a service account",
        operation_id="createServiceAccount",
        **with_access(
            WRITES,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            DuplicateNameException,
            LimitReachedException,
            *DATABASE_ERRORS,
            response={**EXAMPLE_ACCOUNT, "scopes": []},
            request=EXAMPLE_NEW_ACCOUNT,
        ),
    )
    async def create_account(
        self,
        data: JSONBody[NewServiceAccount],
        caller: Injected[Caller],
        service_accounts: Injected[ServiceAccounts],
        request_context: Injected[RequestContext],
    ) -> ServiceAccountResponse:
        """Create a service account without keys."""
        created = await service_accounts.create(
            data.name, data.description, by=caller.authority, request_context=request_context
        )
        return account_view(created)

    @patch(
        "/{account_id:str}",
        summary="Change a service account",
        operation_id="changeServiceAccount",
        **with_access(
            WRITES,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            ServiceAccountNotFoundException,
            RankTooLowException,
            *DATABASE_ERRORS,
            response=EXAMPLE_ACCOUNT,
            request={"is_active": False},
        ),
    )
    async def change_account(
        self,
        account_id: AccountId,
        data: JSONBody[ServiceAccountChange],
        caller: Injected[Caller],
        service_accounts: Injected[ServiceAccounts],
        request_context: Injected[RequestContext],
    ) -> ServiceAccountResponse:
        """Change the description, or disable and enable the account: all its keys are refused meanwhile."""
        changed = await service_accounts.change(
            parse_id(account_id) or 0,
            description=data.description if data.description is not msgspec.UNSET else None,
            is_active=data.is_active if data.is_active is not msgspec.UNSET else None,
            by=caller.authority,
            request_context=request_context,
        )
        return account_view(changed)

    @delete(
        "/{account_id:str}",
        status_code=204,
        summary="Delete a service account",
        operation_id="deleteServiceAccount",
        **with_access(
            WRITES,
            *ADMINISTRATION_ERRORS,
            ServiceAccountNotFoundException,
            RankTooLowException,
            *DATABASE_ERRORS,
        ),
    )
    async def delete_account(
        self,
        account_id: AccountId,
        caller: Injected[Caller],
        service_accounts: Injected[ServiceAccounts],
        request_context: Injected[RequestContext],
    ) -> None:
        """Delete a service account with its keys."""
        await service_accounts.delete(parse_id(account_id) or 0, by=caller.authority, request_context=request_context)
