"""POST /api/user/email, /api/auth/email/confirm-change and /undo-change."""

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
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import DuplicateEmailException, InvalidCredentialsException, UserNotFoundException
from auth_api.users.user import User

ASKED: Final = Acknowledgement(message="If nobody has this address, a mail is on its way there.")
CHANGED: Final = Acknowledgement(message="The address is changed.")
UNDONE: Final = Acknowledgement(
    message="The address is back and every session was ended. A mail with a link to set a new password is on its way."
)


class EmailChangeController(Controller):
    """Ask for another address."""

    path = "/api/user"
    tags = ("Account",)

    @post(
        "/email",
        status_code=202,
        summary="Change the address",
        operation_id="changeEmail",
        load_shedder="password_hashing",
        rate_limit="email_change",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            UserNotFoundException,
            TooManyAttemptsException,
            *DATABASE_ERRORS,
            response={"message": ASKED.message},
            request={"new_email": "ada@example.org", "current_password": "Tr0ub4dor&3-horse"},
        ),
    )
    async def request(
        self,
        data: JSONBody[EmailChangeRequest],
        current_user: Injected[User],
        email_change: Injected[EmailChangeService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Have a link sent to the new address. Nothing changes before it is used.

        The answer is the same whether somebody has the address or not.
        """
        await email_change.request(
            current_user,
            new_email=data.new_email,
            current_password=data.current_password,
            request_context=request_context,
        )
        return ASKED


class EmailConfirmationController(Controller):
    """Confirm another address, or take the earlier one back."""

    path = "/api/auth/email"
    tags = ("Recovery",)

    @post(
        "/confirm-change",
        status_code=200,
        summary="Confirm the new address",
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
        caller: Injected[Principal | None],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Change the address by the token of the mail. Every session ends, but one whose bearer token comes along.

        The address before is told, and can undo it for 24 hours.
        """
        await email_change.confirm(data.token, caller, request_context)
        return CHANGED

    @post(
        "/undo-change",
        status_code=200,
        summary="Undo a change of address",
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
        """Take the account back to the address that the mail with this token went to, within 24 hours.

        Every session ends, the password stops working, and a mail with a link to set a new one goes out.
        """
        await email_change.undo(data.token, request_context)
        return UNDONE
