"""POST /api/auth/register."""

from typing import Any, Final

from litestar import Controller, Response, post
from litestar.params import JSONBody

from auth_api.flows.registration.schemas import (
    EXAMPLE_AWAITING,
    EXAMPLE_REGISTERED,
    EXAMPLE_REGISTRATION,
    AwaitingVerification,
    Registered,
    RegisterRequest,
    registered_view,
)
from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, also, public, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, WeakPasswordException

NOTED: Final = Acknowledgement(message="A mail is on its way to this address.")


class RegistrationController(Controller):
    """Open an account."""

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
                    WeakPasswordException,
                    DuplicateEmailException,
                    DuplicateUsernameException,
                    *DATABASE_ERRORS,
                    response=EXAMPLE_REGISTERED,
                    request=EXAMPLE_REGISTRATION,
                ),
                responses={"to be verified first": EXAMPLE_AWAITING},
            ),
            status=202,
            response=Acknowledgement,
            description="With `REGISTRATION_ENUMERATION_SAFE`, always: the account begins with the link of the mail.",
            example={"message": NOTED.message},
        ),
    )
    async def register(
        self,
        data: JSONBody[RegisterRequest],
        registration: Injected[RegistrationService],
        request_context: Injected[RequestContext],
    ) -> Response[Registered | AwaitingVerification]:
        """Open an account and log in to it. Of several who want the same address or name at once, one gets it.

        A mail with a link that verifies the address goes out. With `REQUIRE_EMAIL_VERIFICATION` there are no tokens
        before it is used. With `REGISTRATION_ENUMERATION_SAFE` there is no account before that, and the answer is 202
        whether the address or the name is taken or not.
        """
        made = await registration.register(
            email=data.email, username=data.username, password=data.password, request_context=request_context
        )
        response: Any = NOTED if made.user is None else registered_view(made.user, made.tokens)
        return Response(response, status_code=202 if made.user is None else 201)
