"""Routes of password recovery and of reports about strangers."""

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

REQUESTED: Final = Acknowledgement(message="If an account has this e-mail address, an e-mail is on its way.")
REPORTED: Final = Acknowledgement(
    message="All sessions are ended. An e-mail with a link to set a new password is on its way."
)
RESET: Final = Acknowledgement(message="The password has been set. Log in with it.")


class RecoveryController(Controller):
    """Reset a forgotten password."""

    path = "/api/auth/password"
    tags = ("Recovery",)

    @post(
        "/forgot",
        status_code=202,
        summary="Request a password reset",
        operation_id="forgotPassword",
        rate_limit="forgot",
        **public(
            *BODY_ERRORS,
            *DATABASE_ERRORS,
            response={"message": REQUESTED.message},
            request={"email": "ada@example.com"},
        ),
    )
    async def forgot(
        self,
        data: JSONBody[ForgotRequest],
        recovery: Injected[RecoveryService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Send an e-mail with a link that sets a new password.

        The response, and the time it takes, are the same whether or not an account has the e-mail address.
        """
        await recovery.forgot(data.email, request_context)
        return REQUESTED

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
        """Set a new password with the token from the e-mail, and end all sessions of the account.

        The token still works after `WEAK_PASSWORD`.
        """
        await recovery.reset(data.token, data.new_password, request_context)
        return RESET


class ReportController(Controller):
    """Report unauthorized access to an account."""

    path = "/api/auth/sessions"
    tags = ("Recovery",)

    @post(
        "/report",
        status_code=200,
        summary="Report unauthorized access",
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
        """Report unauthorized access with the token from a security notice, within 7 days.

        All sessions are ended and the password is removed. An e-mail with a link to set a new password is sent.
        """
        await recovery.report(data.token, request_context)
        return REPORTED
