"""POST /api/auth/password/forgot and /reset, and /api/auth/sessions/report."""

from typing import Final

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.flows.password_recovery.schemas import ForgotRequest, ResetRequest
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.schemas import EXAMPLE_ONE_TIME_TOKEN, Acknowledgement, TokenRequest
from auth_api.users.errors import WeakPasswordException

ASKED: Final = Acknowledgement(message="If an account has this address, a mail is on its way.")
REPORTED: Final = Acknowledgement(
    message="Every session was ended. A mail with a link to set a new password is on its way."
)
RESET: Final = Acknowledgement(message="The password is set. Log in with it.")


class RecoveryController(Controller):
    """Get an account back."""

    path = "/api/auth/password"
    tags = ("Recovery",)

    @post(
        "/forgot",
        status_code=202,
        summary="Ask for a password reset",
        operation_id="forgotPassword",
        rate_limit="forgot",
        **public(
            *BODY_ERRORS, *DATABASE_ERRORS, response={"message": ASKED.message}, request={"email": "ada@example.com"}
        ),
    )
    async def forgot(
        self,
        data: JSONBody[ForgotRequest],
        recovery: Injected[RecoveryService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Have a mail sent with a link that sets a new password.

        The answer is the same, and takes the same time, whether an account has the address or not.
        """
        await recovery.forgot(data.email, request_context)
        return ASKED

    @post(
        "/reset",
        status_code=200,
        summary="Reset the password",
        operation_id="resetPassword",
        load_shedder="password_hashing",
        rate_limit="mailed_token",
        **public(
            *BODY_ERRORS,
            WeakPasswordException,
            OneTimeTokenInvalidException,
            *DATABASE_ERRORS,
            response={"message": RESET.message},
            request={"token": EXAMPLE_ONE_TIME_TOKEN, "new_password": "Tr0ub4dor&3-horse"},
        ),
    )
    async def reset(
        self,
        data: JSONBody[ResetRequest],
        recovery: Injected[RecoveryService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Set a new password by the token of the mail. Every session of the account ends.

        A password that is too weak leaves the token as it is: try again with a better one.
        """
        await recovery.reset(data.token, data.new_password, request_context)
        return RESET


class ReportController(Controller):
    """Throw a stranger out."""

    path = "/api/auth/sessions"
    tags = ("Recovery",)

    @post(
        "/report",
        status_code=200,
        summary="Report a stranger",
        operation_id="reportStranger",
        rate_limit="mailed_token",
        **public(
            *BODY_ERRORS,
            OneTimeTokenInvalidException,
            *DATABASE_ERRORS,
            response={"message": REPORTED.message},
            request={"token": EXAMPLE_ONE_TIME_TOKEN},
        ),
    )
    async def report(
        self,
        data: JSONBody[TokenRequest],
        recovery: Injected[RecoveryService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Say "this was not me" by the token of any notice, within 7 days.

        Every session ends, the password stops working, and a mail with a link to set a new one goes out.
        """
        await recovery.report(data.token, request_context)
        return REPORTED
