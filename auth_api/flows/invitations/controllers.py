"""Routes of people who are invited."""

from typing import Any

from litestar import Controller, Response, post
from litestar.params import JSONBody

from auth_api.flows.invitations.acceptance import InvitationAcceptance
from auth_api.flows.invitations.errors import AccountExistsException
from auth_api.flows.invitations.schemas import (
    EXAMPLE_ACCEPTANCE,
    EXAMPLE_JOINED,
    EXAMPLE_PREVIEW,
    EXAMPLE_TOKEN,
    ROLES_ADDED,
    AcceptRequest,
    JoinedUser,
    PreviewRequest,
    PreviewResponse,
    joined_view,
    preview_view,
)
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, also, public, public_or_bearer, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.sessions.errors import OPTIONAL_AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import AccountDisabledException, MfaEnrolmentRequiredException
from auth_api.users.errors import DuplicateUsernameException, WeakPasswordException


class InvitationController(Controller):
    """Read and accept an invitation."""

    path = "/api/auth/invitations"
    tags = ("Authentication",)

    @post(
        "/preview",
        status_code=200,
        summary="Read an invitation",
        operation_id="previewInvitation",
        rate_limit="mailed_token",
        **public(
            *BODY_ERRORS,
            OneTimeTokenInvalidException,
            *DATABASE_ERRORS,
            response=EXAMPLE_PREVIEW,
            request={"token": EXAMPLE_TOKEN},
        ),
    )
    async def preview(
        self, data: JSONBody[PreviewRequest], acceptance: Injected[InvitationAcceptance]
    ) -> PreviewResponse:
        """Read what the token from an e-mail is for. It still works afterwards."""
        return preview_view(await acceptance.preview(data.token))

    @post(
        "/accept",
        summary="Accept an invitation",
        operation_id="acceptInvitation",
        load_shedder="password_hashing",
        rate_limit="mailed_token",
        **also(
            with_examples(
                public_or_bearer(
                    *BODY_ERRORS,
                    WeakPasswordException,
                    OneTimeTokenInvalidException,
                    *OPTIONAL_AUTHENTICATION_ERRORS,
                    AccountDisabledException,
                    MfaEnrolmentRequiredException,
                    AccountExistsException,
                    DuplicateUsernameException,
                    LimitReachedException,
                    *DATABASE_ERRORS,
                    response=EXAMPLE_JOINED,
                    request=EXAMPLE_ACCEPTANCE,
                ),
                requests={"by the session of the account": {"token": EXAMPLE_TOKEN}},
            ),
            status=200,
            response=Acknowledgement,
            description="The roles were added to the account of the access token.",
            example={"message": ROLES_ADDED.message},
        ),
    )
    async def accept(
        self,
        data: JSONBody[AcceptRequest],
        acceptance: Injected[InvitationAcceptance],
        sessions: Injected[SessionService],
        signed_in: Injected[Principal | None],
        request_context: Injected[RequestContext],
    ) -> Response[JoinedUser]:
        """Accept an invitation with the token from the e-mail.

        If the e-mail address has an account that is verified or has a role, send the access token of one of its
        sessions: the account gets the roles. Otherwise send `username` and `password` of the new account, which is
        logged in. The token still works after an error, except after `MFA_ENROLMENT_REQUIRED`: then the account exists.
        """
        joined = await acceptance.accept(
            data.token,
            signed_in,
            username=data.username,
            password=data.password,
            request_context=request_context,
        )
        if joined is None:
            added: Any = ROLES_ADDED
            return Response(added, status_code=200)
        return Response(joined_view(joined, sessions), status_code=201)
