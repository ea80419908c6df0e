"""Routes with which administrators manage the API keys of service accounts and of users."""

from datetime import timedelta
from typing import Annotated, Final

from litestar import Controller, delete, get, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.credentials.api_keys.api_key import NewKey
from auth_api.credentials.api_keys.errors import KeyNotFoundException, ServiceAccountNotFoundException
from auth_api.credentials.api_keys.schemas import (
    EXAMPLE_KEY,
    ApiKeyList,
    CreatedKeyResponse,
    created_key_view,
    key_view,
)
from auth_api.credentials.api_keys.service_accounts import ServiceAccounts
from auth_api.flows.service_accounts.routes import PATH, READS, WRITES
from auth_api.flows.service_accounts.schemas import (
    EXAMPLE_CREATED_SERVICE_KEY,
    EXAMPLE_SERVICE_KEY,
    NewServiceKey,
)
from auth_api.flows.service_accounts.user_keys import UserKeys
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import RankTooLowException, SelfChangeRefusedException
from auth_api.users.errors import UserNotFoundException

REVOKES: Final = administration("service-accounts:write")
READS_USER_KEYS: Final = administration("keys:read", accepts_key=True)
REVOKES_USER_KEYS: Final = administration("keys:revoke", accepts_key=True)

AccountId = Annotated[str, PathParameter(description="The `id` of the service account.")]
KeyId = Annotated[str, PathParameter(description="The `id` of the key.")]
UserId = Annotated[str, PathParameter(description="The `id` of the user.")]


class ServiceKeyController(Controller):
    """List, create and revoke the API keys of a service account."""

    path = f"{PATH}/{{account_id:str}}/keys"
    tags = ("Service accounts",)

    @get(
        "/",
        summary="List the keys of a service account",
        operation_id="listServiceKeys",
        **with_access(
            READS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            ServiceAccountNotFoundException,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_SERVICE_KEY], "next_cursor": None},
        ),
    )
    async def list_keys(
        self, account_id: AccountId, service_accounts: Injected[ServiceAccounts], page: Injected[PageRequest]
    ) -> ApiKeyList:
        """Return the API keys, newest first, with those that ended in the last 30 days."""
        keys, next_cursor = await service_accounts.keys(parse_id(account_id) or 0, page)
        return ApiKeyList(items=[key_view(key) for key in keys], next_cursor=next_cursor)

    @post(
        "/",
        status_code=201,
        summary="Create a key of a service account",
        operation_id="createServiceKey",
        **with_access(
            WRITES,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            ServiceAccountNotFoundException,
            RankTooLowException,
            LimitReachedException,
            *DATABASE_ERRORS,
            response=EXAMPLE_CREATED_SERVICE_KEY,
            request={"name": "Server 1", "scopes": ["users:read"], "expires_in_days": 90},
        ),
    )
    async def create_key(
        self,
        account_id: AccountId,
        data: JSONBody[NewServiceKey],
        caller: Injected[Caller],
        service_accounts: Injected[ServiceAccounts],
        request_context: Injected[RequestContext],
    ) -> CreatedKeyResponse:
        """Create an API key, whose `secret` no other response contains. It does not depend on its creator."""
        lifetime = timedelta(days=data.expires_in_days) if data.expires_in_days is not None else None
        created = await service_accounts.create_key(
            parse_id(account_id) or 0,
            NewKey(name=data.name, scopes=tuple(data.scopes), lifetime=lifetime),
            by=caller.authority,
            request_context=request_context,
        )
        return created_key_view(created)

    @delete(
        "/{key_id:str}",
        status_code=204,
        summary="Revoke a key of a service account",
        operation_id="revokeServiceKey",
        **with_access(
            REVOKES,
            *ADMINISTRATION_ERRORS,
            ServiceAccountNotFoundException,
            KeyNotFoundException,
            RankTooLowException,
            *DATABASE_ERRORS,
        ),
    )
    async def revoke_key(
        self,
        account_id: AccountId,
        key_id: KeyId,
        caller: Injected[Caller],
        service_accounts: Injected[ServiceAccounts],
        request_context: Injected[RequestContext],
    ) -> None:
        """Revoke an API key: the next request with it is refused."""
        await service_accounts.revoke_key(
            parse_id(account_id) or 0, parse_id(key_id) or 0, by=caller.authority, request_context=request_context
        )


class UserKeyController(Controller):
    """List and revoke the API keys of a user."""

    path = "/api/admin/users/{user_id:str}/keys"
    tags = ("Administration",)

    @get(
        "/",
        summary="List the API keys of a user",
        operation_id="listUserKeys",
        **with_access(
            READS_USER_KEYS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            UserNotFoundException,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_KEY], "next_cursor": None},
        ),
    )
    async def list_keys(
        self, user_id: UserId, user_keys: Injected[UserKeys], page: Injected[PageRequest]
    ) -> ApiKeyList:
        """Return the API keys, newest first, with those that ended in the last 30 days."""
        keys, next_cursor = await user_keys.page(parse_id(user_id) or 0, page)
        return ApiKeyList(items=[key_view(key) for key in keys], next_cursor=next_cursor)

    @delete(
        "/{key_id:str}",
        status_code=204,
        summary="Revoke an API key of a user",
        operation_id="revokeUserKey",
        **with_access(
            REVOKES_USER_KEYS,
            *ADMINISTRATION_ERRORS,
            UserNotFoundException,
            KeyNotFoundException,
            SelfChangeRefusedException,
            RankTooLowException,
            *DATABASE_ERRORS,
        ),
    )
    async def revoke_key(
        self,
        user_id: UserId,
        key_id: KeyId,
        caller: Injected[Caller],
        user_keys: Injected[UserKeys],
        request_context: Injected[RequestContext],
    ) -> None:
        """Revoke an API key: the next request with it is refused."""
        await user_keys.revoke(
            parse_id(user_id) or 0, parse_id(key_id) or 0, by=caller.authority, request_context=request_context
        )
