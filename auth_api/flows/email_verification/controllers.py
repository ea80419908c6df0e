"""Routes of e-mail verification."""

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
from auth_api.users.errors import (
    DuplicateEmailException,
    DuplicateUsernameException,
    InvalidCredentialsException,
    RegistrationClosedException,
)

MAIL_SENT: Final = Acknowledgement(
    message="If an account has this e-mail address and it is not verified, an e-mail is on its way."
)


class VerificationController(Controller):
    """Verify an e-mail address."""

    path = "/api/auth/email"
    tags = ("Recovery",)

    @post(
        "/verify",
        status_code=200,
        summary="Verify the e-mail address",
        operation_id="verifyEmail",
        rate_limit="mailed_token",
        **public_or_bearer(
            *BODY_ERRORS,
            OneTimeTokenInvalidException,
            *OPTIONAL_AUTHENTICATION_ERRORS,
            InvalidCredentialsException,
            DuplicateEmailException,
            DuplicateUsernameException,
            RegistrationClosedException,
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
        signed_in: Injected[Principal | None],
        request_context: Injected[RequestContext],
    ) -> Verified:
        """Verify an e-mail address with the token from the e-mail.

        Send the account's `password`, or the access token of one of its sessions. Without either, all sessions are
        ended and the password is removed, because another person may have registered with this e-mail address. The
        response then has a `password_reset_token` to set a new password with. After `DUPLICATE_USERNAME`, repeat the
        request with another `username`.
        """
        proof = AccountProof(
            user_id=signed_in.id if signed_in else None,
            password=data.password,
            username=data.username,
        )
        request_context = request_context.with_actor(signed_in.actor if signed_in else None)
        return verified_view(await verification.verify(data.token, proof, request_context))

    @post(
        "/resend",
        status_code=202,
        summary="Send the verification e-mail again",
        operation_id="resendVerification",
        rate_limit="resend",
        **public(
            *BODY_ERRORS,
            *DATABASE_ERRORS,
            response={"message": MAIL_SENT.message},
            request={"email": "ada@example.com"},
        ),
    )
    async def resend(
        self,
        data: JSONBody[ResendRequest],
        verification: Injected[VerificationService],
        request_context: Injected[RequestContext],
    ) -> Acknowledgement:
        """Send another verification link; earlier links still work until they expire.

        The response, and the time it takes, are the same whether or not an account has the e-mail address.
        """
        await verification.resend(data.email, request_context)
        return MAIL_SENT
