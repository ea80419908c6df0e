"""Routes of the own accounts at providers."""

from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.params import JSONBody, PathParameter

from auth_api.credentials.errors import LastSignInMethodException
from auth_api.credentials.identities.errors import IdentityNotFoundException, IdentityTakenException
from auth_api.flows.linking.schemas import (
    EXAMPLE_IDENTITY,
    EXAMPLE_LINK,
    EXAMPLE_START,
    EXAMPLE_STARTED,
    IdentityList,
    IdentityResponse,
    LinkRequest,
    StartedLink,
    StartLink,
    identity_view,
)
from auth_api.flows.linking.service import Linking
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, also, protected
from auth_api.kit.ids import parse_id
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.sign_in_flows.errors import FlowInvalidException, ReturnToNotAllowedException
from auth_api.sign_in_flows.return_urls import ReturnUrls, read_challenge
from auth_api.users.errors import UserNotFoundException

CHANGE_ERRORS = (*AUTHENTICATION_ERRORS, StepUpRequiredException, UserNotFoundException)


class OwnIdentitiesController(Controller):
    """List, link and unlink the own accounts at providers."""

    path = "/api/user/identities"
    tags = ("Account",)

    @get(
        "",
        summary="List the own accounts at providers",
        operation_id="listIdentities",
        **protected(
            *AUTHENTICATION_ERRORS,
            UserNotFoundException,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_IDENTITY], "next_cursor": None},
        ),
    )
    async def list_identities(self, principal: Injected[Principal], linking: Injected[Linking]) -> IdentityList:
        """Return the accounts at providers with which the user can log in, at most 20."""
        return IdentityList(items=[identity_view(own) for own in await linking.list_own(principal)])

    @post(
        "/start",
        status_code=200,
        summary="Begin to link an account at a provider",
        operation_id="startIdentity",
        rate_limit="exchange",
        **protected(
            *BODY_ERRORS,
            *CHANGE_ERRORS,
            ReturnToNotAllowedException,
            LimitReachedException,
            *DATABASE_ERRORS,
            response=EXAMPLE_STARTED,
            request=EXAMPLE_START,
        ),
    )
    async def start_identity(
        self,
        data: JSONBody[StartLink],
        principal: Injected[Principal],
        linking: Injected[Linking],
        return_urls: Injected[ReturnUrls],
    ) -> StartedLink:
        """Return the address to send the browser to. It works once, and only the same session can finish the link."""
        method = {} if data.code_challenge_method is None else {"code_challenge_method": data.code_challenge_method}
        challenge = read_challenge({"code_challenge": data.code_challenge, **method})
        start_url = await linking.start(
            principal, data.provider, return_to=return_urls.check(data.return_to), challenge=challenge
        )
        return StartedLink(start_url=start_url, expires_in=int(Purpose.IDENTITY_LINK.lifetime.total_seconds()))

    @post(
        "",
        status_code=201,
        summary="Link an account at a provider",
        operation_id="linkIdentity",
        rate_limit="exchange",
        **also(
            protected(
                *BODY_ERRORS,
                *CHANGE_ERRORS,
                FlowInvalidException,
                IdentityTakenException,
                LimitReachedException,
                *DATABASE_ERRORS,
                response=EXAMPLE_IDENTITY,
                request=EXAMPLE_LINK,
            ),
            status=200,
            response=IdentityResponse,
            description="It was linked to the user already.",
            example=EXAMPLE_IDENTITY,
        ),
    )
    async def link_identity(
        self,
        data: JSONBody[LinkRequest],
        principal: Injected[Principal],
        linking: Injected[Linking],
        request_context: Injected[RequestContext],
    ) -> Response[IdentityResponse]:
        """Link an account at a provider, with which the user can log in from then on.

        Send the `code` that the browser brought back from `start_url`, or the `link_token` of the error
        `IDENTITY_LINK_REQUIRED` after the user has logged in as usual.
        """
        if data.link_token is not None:
            own = await linking.link_by_token(data.link_token, principal, request_context)
        else:
            own = await linking.link_by_code(data.code or "", data.code_verifier or "", principal, request_context)
        return Response(identity_view(own), status_code=201 if own.is_new else 200)

    @delete(
        "/{identity_id:str}",
        status_code=204,
        summary="Unlink an account at a provider",
        operation_id="unlinkIdentity",
        rate_limit="exchange",
        **protected(
            *CHANGE_ERRORS,
            IdentityNotFoundException,
            LastSignInMethodException,
            *DATABASE_ERRORS,
        ),
    )
    async def unlink_identity(
        self,
        identity_id: Annotated[str, PathParameter(description="The `id` of the identity.")],
        principal: Injected[Principal],
        linking: Injected[Linking],
        request_context: Injected[RequestContext],
    ) -> None:
        """Unlink an account at a provider. Sessions that it has opened end, except the present one."""
        await linking.unlink(principal, parse_id(identity_id) or 0, request_context)
