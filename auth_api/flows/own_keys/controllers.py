"""Routes of the user's own API keys."""

from typing import Annotated, Final, cast

from litestar import Controller, delete, get, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import SessionRequiredException
from auth_api.credentials.api_keys.errors import KeyNotFoundException
from auth_api.credentials.api_keys.schemas import (
    EXAMPLE_CREATED_KEY,
    EXAMPLE_KEY,
    ApiKeyList,
    CreatedKeyResponse,
    created_key_view,
    key_view,
)
from auth_api.flows.own_keys.schemas import EXAMPLE_NEW_KEY, NewOwnKey
from auth_api.flows.own_keys.service import OwnKeys
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.access import Access
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, protected, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import RankTooLowException
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sign_in.errors import EmailNotVerifiedException, StepUpRequiredException
from auth_api.users.errors import UserNotFoundException

RECENT_LOGIN: Final = Access(accepts_session=True, loads_rights=True, needs_recent_proof=True)


class OwnKeysController(Controller):
    """List, create and revoke API keys of the user's own account."""

    path = "/api/user/keys"
    tags = ("API keys",)

    @get(
        "",
        summary="List the own API keys",
        operation_id="listOwnKeys",
        **protected(
            ValidationException,
            *AUTHENTICATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_KEY], "next_cursor": None},
        ),
    )
    async def list_keys(
        self, principal: Injected[Principal], own_keys: Injected[OwnKeys], page: Injected[PageRequest]
    ) -> ApiKeyList:
        """Return the API keys of the account, newest first, with those that ended in the last 30 days."""
        keys, next_cursor = await own_keys.list(principal.id, page)
        return ApiKeyList(items=[key_view(key) for key in keys], next_cursor=next_cursor)

    @post(
        "",
        status_code=201,
        summary="Create an API key",
        operation_id="createOwnKey",
        **with_access(
            RECENT_LOGIN,
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            SessionRequiredException,
            RankTooLowException,
            StepUpRequiredException,
            EmailNotVerifiedException,
            UserNotFoundException,
            LimitReachedException,
            *DATABASE_ERRORS,
            response=EXAMPLE_CREATED_KEY,
            request=EXAMPLE_NEW_KEY,
        ),
    )
    async def create_key(
        self,
        data: JSONBody[NewOwnKey],
        caller: Injected[Caller],
        own_keys: Injected[OwnKeys],
        request_context: Injected[RequestContext],
    ) -> CreatedKeyResponse:
        """Create an API key, whose `secret` no other response contains.

        It has those of its `scopes` that the user has at the time of each request. `profile:read`, to read the own
        profile, needs no role.
        """
        created = await own_keys.create(
            cast("Principal", caller.session),  # the route accepts nothing else
            name=data.name,
            scopes=data.scopes,
            days=data.expires_in_days,
            request_context=request_context,
        )
        return created_key_view(created)

    @delete(
        "/{key_id:str}",
        status_code=204,
        summary="Revoke an API key",
        operation_id="revokeOwnKey",
        **protected(*AUTHENTICATION_ERRORS, KeyNotFoundException, *DATABASE_ERRORS),
    )
    async def revoke_key(
        self,
        key_id: Annotated[str, PathParameter(description="The `id` of the key.")],
        principal: Injected[Principal],
        own_keys: Injected[OwnKeys],
        request_context: Injected[RequestContext],
    ) -> None:
        """Revoke an API key: the next request with it is refused."""
        await own_keys.revoke(principal.id, parse_id(key_id) or 0, request_context)
