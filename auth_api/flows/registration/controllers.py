"""Routes of registration."""

from typing import Any

from litestar import Controller, Response, post
from litestar.params import JSONBody

from auth_api.flows.registration.schemas import EXAMPLE_REGISTRATION, RegisterRequest
from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, also, public, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.sessions.service import SessionService
from auth_api.sign_in.registration import (
    EXAMPLE_AWAITING,
    EXAMPLE_REGISTERED,
    MAIL_SENT,
    AwaitingVerification,
    Registered,
    registration_view,
)
from auth_api.users.errors import (
    DuplicateEmailException,
    DuplicateUsernameException,
    RegistrationClosedException,
    WeakPasswordException,
)


class RegistrationController(Controller):
    """Create an account."""

    path = "/api/auth"
    tags = ("Authentication",)

    @post(
        "/register",
        summary="Register",
        operation_id="register",
        load_shedder="password_hashing",
        rate_limit="register",
        **also(
            with_examples(
                public(
                    *BODY_ERRORS,
                    RegistrationClosedException,
                    WeakPasswordException,
                    DuplicateEmailException,
                    DuplicateUsernameException,
                    *DATABASE_ERRORS,
                    response=EXAMPLE_REGISTERED,
                    request=EXAMPLE_REGISTRATION,
                ),
                responses={"e-mail verification required": EXAMPLE_AWAITING},
            ),
            status=202,
            response=Acknowledgement,
            description="Always with `REGISTRATION_ENUMERATION_SAFE`: the link in the e-mail creates the account.",
            example={"message": MAIL_SENT.message},
        ),
    )
    async def register(
        self,
        data: JSONBody[RegisterRequest],
        registration: Injected[RegistrationService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> Response[Registered | AwaitingVerification]:
        """Create an account and log in.

        Sends an e-mail with a link that verifies the e-mail address. With `REQUIRE_EMAIL_VERIFICATION`, the response
        has no tokens: the user can log in after using the link. With `REGISTRATION_ENUMERATION_SAFE`, the link also
        creates the account, and the response is 202 whether or not the e-mail address or the username is taken.
        """
        registered = await registration.register(
            email=data.email,
            username=data.username,
            password=data.password,
            profile=data,
            request_context=request_context,
        )
        view: Any = registration_view(registered, sessions)
        return Response(view, status_code=registered.status)
