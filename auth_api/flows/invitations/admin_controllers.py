"""Routes with which administrators invite people."""

from typing import Annotated, Any, Final

from litestar import Controller, delete, get, post
from litestar.di import Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.decision import Decision
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.invitations.admin_schemas import (
    EXAMPLE_INVITATION,
    EXAMPLE_NEW_INVITATION,
    InvitationList,
    InvitationRequest,
    InvitationResponse,
    RepeatedInvitation,
    invitation_view,
)
from auth_api.flows.invitations.errors import InvitationNotFoundException
from auth_api.flows.invitations.invitation_filter import InvitationFilter, requested_filter
from auth_api.flows.invitations.service import InvitationService
from auth_api.kit.errors import LimitReachedException, NotFoundException, RateLimitedException, ValidationException
from auth_api.kit.http.access import ACCESS, PUBLIC, administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.roles.errors import RankTooLowException

PATH: Final = "/api/admin/invitations"
READS: Final = administration("invitations:read", accepts_key=True)
WRITES: Final = administration("invitations:write", accepts_key=True)
ASSIGN_ROLES: Final = "roles:assign"
ASSIGNS_ROLES: Final = administration(ASSIGN_ROLES, accepts_key=True, needs_recent_proof=True)
"""What an invitation with roles needs beside `WRITES`."""

RESENT: Final = Acknowledgement(message="Another e-mail is on its way. The link in the earlier one no longer works.")

InvitationId = Annotated[str, PathParameter(description="The `id` of the invitation.")]


def _parameter(description: str, **schema: Any) -> QueryParameter:
    return QueryParameter(description=description, schema_extra={"type": "string", "one_of": None, **schema})


def provide_filter(
    status: Annotated[str | None, _parameter("Only pending invitations.", enum=["pending"])] = None,
    email: Annotated[str | None, _parameter("Only invitations to this e-mail address.")] = None,
) -> InvitationFilter:
    """Return which invitations are requested.

    Raises:
        ValidationException: a parameter is invalid.
    """
    return requested_filter(status=status, email=email)


class InvitationListController(Controller):
    """List and revoke invitations."""

    path = PATH
    tags = ("Invitations",)

    @get(
        "/",
        summary="List invitations",
        operation_id="listInvitations",
        dependencies={"invitation_filter": Provide(provide_filter, sync_to_thread=False)},
        **with_access(
            READS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_INVITATION], "next_cursor": None},
        ),
    )
    async def list_invitations(
        self,
        invitation_filter: Injected[InvitationFilter],
        invitations: Injected[InvitationService],
        page: Injected[PageRequest],
    ) -> InvitationList:
        """Return invitations in any state, newest first. They are kept for 90 days after they expire."""
        found, next_cursor = await invitations.list(page, invitation_filter)
        return InvitationList(items=[invitation_view(each) for each in found], next_cursor=next_cursor)

    @delete(
        "/{invitation_id:str}",
        summary="Revoke an invitation",
        operation_id="revokeInvitation",
        **with_access(
            WRITES, *ADMINISTRATION_ERRORS, RankTooLowException, InvitationNotFoundException, *DATABASE_ERRORS
        ),
    )
    async def revoke_invitation(
        self,
        invitation_id: InvitationId,
        caller: Injected[Caller],
        invitations: Injected[InvitationService],
        request_context: Injected[RequestContext],
    ) -> None:
        """Revoke a pending invitation: the link in its mail no longer works."""
        await invitations.revoke(parse_id(invitation_id) or 0, caller.authority, request_context)


class InvitationMailController(InvitationListController):
    """Where mail is on, also invite people, and send invitations again."""

    @post(
        "/",
        summary="Invite a person",
        operation_id="createInvitation",
        **with_access(
            WRITES,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            RankTooLowException,
            LimitReachedException,
            RateLimitedException,
            *DATABASE_ERRORS,
            response=EXAMPLE_INVITATION,
            request=EXAMPLE_NEW_INVITATION,
        ),
    )
    async def create_invitation(
        self,
        data: JSONBody[InvitationRequest],
        caller: Injected[Caller],
        decision: Injected[Decision],
        invitations: Injected[InvitationService],
        request_context: Injected[RequestContext],
    ) -> InvitationResponse:
        """Send a person a link with which they create an account, or add roles to the account they have.

        The response is the same whether or not an account has the e-mail address. With `roles`, the permission
        `roles:assign` and a recent proof of identity are required, too.
        """
        if data.roles:
            await decision.check(ASSIGNS_ROLES, caller)
            caller = caller.require(ASSIGN_ROLES)
        return invitation_view(await invitations.create(data.wanted, caller.authority, request_context))

    @post(
        "/{invitation_id:str}/resend",
        status_code=202,
        summary="Send an invitation again",
        operation_id="resendInvitation",
        **with_access(
            WRITES,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            RankTooLowException,
            InvitationNotFoundException,
            RateLimitedException,
            *DATABASE_ERRORS,
            response={"message": RESENT.message},
            request={},
        ),
    )
    async def resend_invitation(
        self,
        data: JSONBody[RepeatedInvitation],  # noqa: ARG002 - the body is checked to be an empty object
        invitation_id: InvitationId,
        caller: Injected[Caller],
        invitations: Injected[InvitationService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Send the mail of a pending invitation again, with a new link. `expires_at` stays the same."""
        await invitations.resend(parse_id(invitation_id) or 0, caller.authority, request_context)
        return RESENT


class NoInvitationMailController(InvitationListController):
    """Where mail is off, the path exists only for the list."""

    @post("/", include_in_schema=False, opt={ACCESS: PUBLIC})
    async def refuse(self) -> None:
        """Respond as to an unknown URL."""
        raise NotFoundException
