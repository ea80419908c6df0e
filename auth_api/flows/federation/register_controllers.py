"""The route that creates the account of a sign-in by a provider."""

from typing import Any

from litestar import Controller, Response, post
from litestar.params import JSONBody

from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.flows.federation.register_schemas import EXAMPLE_PROVIDER_REGISTRATION, ProviderRegistration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, also, public, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import MfaEnrolmentRequiredException
from auth_api.sign_in.registration import (
    EXAMPLE_AWAITING,
    EXAMPLE_REGISTERED,
    MAIL_SENT,
    AwaitingVerification,
    Registered,
    registration_view,
)
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, RegistrationClosedException

_EXAMPLE: dict[str, Any] = {**EXAMPLE_REGISTERED, "has_password": False, "email_verified": True}


class ProviderRegistrationController(Controller):
    """Create the account of a sign-in by a provider."""

    path = "/api/auth/providers"
    tags = ("Authentication",)

    @post(
        "/register",
        summary="Register with a provider",
        operation_id="registerWithProvider",
        rate_limit="register",
        **also(
            with_examples(
                public(
                    *BODY_ERRORS,
                    FlowInvalidException,
                    RegistrationClosedException,
                    MfaEnrolmentRequiredException,
                    DuplicateEmailException,
                    DuplicateUsernameException,
                    *DATABASE_ERRORS,
                    response=_EXAMPLE,
                    request=EXAMPLE_PROVIDER_REGISTRATION,
                ),
                responses={"e-mail verification required": {**EXAMPLE_AWAITING, "has_password": False}},
            ),
            status=202,
            response=Acknowledgement,
            description="With `REGISTRATION_ENUMERATION_SAFE`, if the provider has not proved the address: the link in "
            "the e-mail creates the account.",
            example={"message": MAIL_SENT.message},
        ),
    )
    async def register(
        self,
        data: JSONBody[ProviderRegistration],
        federated_sign_in: Injected[FederatedSignIn],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> Response[Registered | AwaitingVerification]:
        """Create an account without a password, and log in.

        An e-mail address that the provider has proved is verified at once. Another one is verified by a link in an
        e-mail, as after a registration with a password. The `signup_token` works once; after an error about a field it
        still works.
        """
        registration = await federated_sign_in.register(
            data.signup_token,
            username=data.username,
            email=data.email,
            display_name=data.display_name,
            request_context=request_context,
        )
        view: Any = registration_view(registration, sessions)
        return Response(view, status_code=registration.status)
