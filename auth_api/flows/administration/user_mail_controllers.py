"""Routes with which administrators send users the links that change their password and e-mail address."""

from typing import Annotated, Final

from litestar import Controller, post
from litestar.params import JSONBody, PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.administration.requested_mails import RequestedMails
from auth_api.flows.administration.schemas import NewEmailRequest, RequestedMail
from auth_api.flows.administration.user_path import RANK_ERRORS, user_id_of
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.json import NoFields
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, with_access
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.roles.permissions import USER_CREDENTIALS
from auth_api.users.errors import DuplicateEmailException

UserId = Annotated[str, PathParameter(description="The `id` of the user.")]

SENDS_LINKS: Final = administration("users:reset", accepts_key=True)
CHANGES_EMAIL: Final = administration(USER_CREDENTIALS, needs_recent_proof=True)

SENT: Final = "An e-mail is on its way to the user."
NOT_SENT: Final = "The user does not need this e-mail or is disabled."
CHANGE_REQUESTED: Final = "An e-mail is on its way to the new address. The address changes when its link is used."


class UserMailController(Controller):
    """Send users the links that they could also request themselves."""

    path = "/api/admin/users/{user_id:str}"
    tags = ("Administration",)

    @post(
        "/password/reset",
        status_code=202,
        summary="Send a link to set a new password",
        operation_id="sendPasswordReset",
        **with_access(
            SENDS_LINKS,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            *DATABASE_ERRORS,
            response={"message": SENT, "sent": True},
            request={},
        ),
    )
    async def reset_password(
        self,
        user_id: UserId,
        data: JSONBody[NoFields],  # noqa: ARG002 - checks that the body is an empty object
        caller: Injected[Caller],
        requested_mails: Injected[RequestedMails],
        request_context: Injected[RequestContext],
    ) -> RequestedMail:
        """Send a user a link to set a new password, unless the user is disabled. Nothing else changes."""
        is_sent = await requested_mails.reset_password(
            user_id_of(user_id), by=caller.authority, request_context=request_context
        )
        return _requested(is_sent=is_sent)

    @post(
        "/email/resend",
        status_code=202,
        summary="Send a link that verifies the e-mail address",
        operation_id="sendVerification",
        **with_access(
            SENDS_LINKS,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            *DATABASE_ERRORS,
            response={"message": SENT, "sent": True},
            request={},
        ),
    )
    async def resend_verification(
        self,
        user_id: UserId,
        data: JSONBody[NoFields],  # noqa: ARG002 - as above
        caller: Injected[Caller],
        requested_mails: Injected[RequestedMails],
        request_context: Injected[RequestContext],
    ) -> RequestedMail:
        """Send a user a link that verifies the e-mail address, unless it is verified or the user is disabled."""
        is_sent = await requested_mails.verify_email(
            user_id_of(user_id), by=caller.authority, request_context=request_context
        )
        return _requested(is_sent=is_sent)

    @post(
        "/email",
        status_code=202,
        summary="Change the e-mail address of a user",
        operation_id="changeUserEmail",
        **with_access(
            CHANGES_EMAIL,
            *BODY_ERRORS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            DuplicateEmailException,
            *DATABASE_ERRORS,
            response={"message": CHANGE_REQUESTED},
            request={"new_email": "grace@example.org"},
        ),
    )
    async def change_email(
        self,
        user_id: UserId,
        data: JSONBody[NewEmailRequest],
        caller: Injected[Caller],
        requested_mails: Injected[RequestedMails],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Send a link to the new e-mail address, which changes when the link is used.

        Then the previous address, if it was verified, gets a link that undoes the change within 24 hours.
        """
        await requested_mails.change_email(
            user_id_of(user_id), data.new_email, by=caller.authority, request_context=request_context
        )
        return Acknowledgement(message=CHANGE_REQUESTED)


def _requested(*, is_sent: bool) -> RequestedMail:
    return RequestedMail(message=SENT if is_sent else NOT_SENT, sent=is_sent)
