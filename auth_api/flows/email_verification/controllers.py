"""POST /api/auth/email/verify and /resend."""

from typing import Final

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.flows.email_verification.schemas import (
    EXAMPLE_VERIFICATION,
    EXAMPLE_VERIFIED,
    ResendRequest,
    Verified,
    VerifyRequest,
    verified_view,
)
from auth_api.flows.email_verification.service import AccountProof, VerificationService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public, public_or_bearer
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.sessions.errors import OPTIONAL_AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, InvalidCredentialsException

ASKED: Final = Acknowledgement(message="If this address waits to be verified, a mail is on its way.")


class VerificationController(Controller):
    """Prove an address."""

    path = "/api/auth/email"
    tags = ("Recovery",)

    @post(
        "/verify",
        status_code=200,
        summary="Verify the address",
        operation_id="verifyEmail",
        rate_limit="mailed_token",
        **public_or_bearer(
            *BODY_ERRORS,
            OneTimeTokenInvalidException,
            *OPTIONAL_AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            DuplicateEmailException,
            DuplicateUsernameException,
            TooManyAttemptsException,
            *DATABASE_ERRORS,
            response=EXAMPLE_VERIFIED,
            request=EXAMPLE_VERIFICATION,
        ),
    )
    async def verify(
        self,
        data: JSONBody[VerifyRequest],
        verification: Injected[VerificationService],
        caller: Injected[Principal | None],
        request_context: Injected[RequestContext],
    ) -> Verified:
        """Verify an address by the token of the mail, and show that the account is one's own.

        Send the account's `password`, or be logged in to it. Without either, the account's sessions end and its
        password goes, as somebody else may have registered with the address; then the answer holds a
        `password_reset_token`, by which to set a new one. After `DUPLICATE_USERNAME`, send another `username` along.
        """
        proof = AccountProof(user_id=caller.id if caller else None, password=data.password, username=data.username)
        return verified_view(await verification.verify(data.token, proof, request_context))

    @post(
        "/resend",
        status_code=202,
        summary="Ask for the verification mail again",
        operation_id="resendVerification",
        rate_limit="resend",
        **public(
            *BODY_ERRORS, *DATABASE_ERRORS, response={"message": ASKED.message}, request={"email": "ada@example.com"}
        ),
    )
    async def resend(
        self,
        data: JSONBody[ResendRequest],
        verification: Injected[VerificationService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Have the link sent again. The earlier one stops working.

        The answer is the same, and takes the same time, whether an account has the address or not.
        """
        await verification.resend(data.email, request_context)
        return ASKED
