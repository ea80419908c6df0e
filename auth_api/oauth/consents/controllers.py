"""Routes of the own consents."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get
from litestar.params import PathParameter

from auth_api.kit.errors import ValidationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, protected
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.schemas import EXAMPLE_CONSENT, ConsentList, consent_view
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.resources.service import Resources
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal


class ConsentController(Controller):
    """List and withdraw what the user has allowed applications."""

    path = "/api/user/consents"
    tags = ("Applications",)

    @get(
        "",
        summary="List the own consents",
        operation_id="listConsents",
        **protected(
            ValidationException,
            *AUTHENTICATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_CONSENT], "next_cursor": None},
        ),
    )
    async def list_consents(
        self,
        principal: Injected[Principal],
        consents: Injected[Consents],
        resources: Injected[Resources],
        page: Injected[PageRequest],
    ) -> ConsentList:
        """Return the applications to which the user has signed in, and what they may do, newest first."""
        rows, next_cursor = await consents.page(principal.id, page)
        descriptions = await resources.descriptions()
        return ConsentList(items=[consent_view(row, descriptions) for row in rows], next_cursor=next_cursor)

    @delete(
        "/{consent_id:uuid}",
        status_code=204,
        summary="Withdraw a consent",
        operation_id="withdrawConsent",
        **protected(*AUTHENTICATION_ERRORS, ConsentNotFoundException, *DATABASE_ERRORS),
    )
    async def withdraw_consent(
        self,
        consent_id: Annotated[UUID, PathParameter(description="The `id` of the consent.")],
        principal: Injected[Principal],
        consents: Injected[Consents],
        request_context: Injected[RequestContext],
    ) -> None:
        """End all access of an application to the account. It can ask for a new consent.

        An API that checks access tokens itself accepts them until they expire, after 10 minutes by default.
        """
        await consents.withdraw(consent_id, principal.id, request_context)
