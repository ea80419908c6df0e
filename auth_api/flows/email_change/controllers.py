"""Routes of the e-mail change."""

from typing import Final

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.flows.email_change.schemas import EmailChangeRequest
from auth_api.flows.email_change.service import EmailChangeService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, protected, public, public_or_bearer
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.schemas import EXAMPLE_ONE_TIME_TOKEN, Acknowledgement, TokenRequest
from auth_api.sessions.errors import AUTHENTICATION_ERRORS, OPTIONAL_AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import DuplicateEmailException, InvalidCredentialsException, UserNotFoundException

REQUESTED: Final = Acknowledgement(message="If no account has this e-mail address, an e-mail is on its way to it.")
CHANGED: Final = Acknowledgement(message="The e-mail address has been changed.")
UNDONE: Final = Acknowledgement(
    message=(
        "The previous e-mail address is restored, and all sessions are ended. "
        "An e-mail with a link to set a new password is on its way."
    )
)


class EmailChangeController(Controller):
    """Request another e-mail address."""

    path = "/api/user"
    tags = ("Account",)

    @post(
        "/email",
        status_code=202,
        summary="Change the e-mail address",
        operation_id="changeEmail",
        load_shedder="password_hashing",
        rate_limit="email_change",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            StepUpRequiredException,
            UserNotFoundException,
            TooManyAttemptsException,
            *DATABASE_ERRORS,
            response={"message": REQUESTED.message},
            request={"new_email": "ada@example.org", "current_password": "Tr0ub4dor&3-horse"},
        ),
    )
    async def request(
        self,
        data: JSONBody[EmailChangeRequest],
        principal: Injected[Principal],
        email_change: Injected[EmailChangeService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Send a link to the new e-mail address, which changes when the link is used.

        The response is the same whether or not another account has the e-mail address. The password confirms the
        request, or a proof of identity in the last `STEP_UP_MAX_AGE_SECONDS`. An account with a second factor needs a
        recent proof by it, with or without the password.
        """
        await email_change.request(
            principal,
            new_email=data.new_email,
            current_password=data.current_password,
            request_context=request_context,
        )
        return REQUESTED


class EmailConfirmationController(Controller):
    """Confirm the new e-mail address, or restore the previous one."""

    path = "/api/auth/email"
    tags = ("Recovery",)

    @post(
        "/confirm-change",
        status_code=200,
        summary="Confirm the new e-mail address",
        operation_id="confirmEmailChange",
        rate_limit="mailed_token",
        **public_or_bearer(
            *BODY_ERRORS,
            OneTimeTokenInvalidException,
            *OPTIONAL_AUTHENTICATION_ERRORS,
            DuplicateEmailException,
            *DATABASE_ERRORS,
            response={"message": CHANGED.message},
            request={"token": EXAMPLE_ONE_TIME_TOKEN},
        ),
    )
    async def confirm(
        self,
        data: JSONBody[TokenRequest],
        email_change: Injected[EmailChangeService],
        signed_in: Injected[Principal | None],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Change the e-mail address with the token from the e-mail.

        All sessions are ended, except the one whose access token is sent. The previous e-mail address, if it was
        verified, gets a link that undoes the change within 24 hours.
        """
        await email_change.confirm(
            data.token,
            signed_in,
            request_context.with_actor(signed_in.actor if signed_in else None),
        )
        return CHANGED

    @post(
        "/undo-change",
        status_code=200,
        summary="Undo the e-mail change",
        operation_id="undoEmailChange",
        rate_limit="mailed_token",
        **public(
            *BODY_ERRORS,
            OneTimeTokenInvalidException,
            DuplicateEmailException,
            *DATABASE_ERRORS,
            response={"message": UNDONE.message},
            request={"token": EXAMPLE_ONE_TIME_TOKEN},
        ),
    )
    async def undo(
        self,
        data: JSONBody[TokenRequest],
        email_change: Injected[EmailChangeService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Restore the previous e-mail address with the token that was sent to it, within 24 hours.

        All sessions are ended and the password is removed. An e-mail with a link to set a new password is sent.
        """
        await email_change.undo(data.token, request_context)
        return UNDONE
