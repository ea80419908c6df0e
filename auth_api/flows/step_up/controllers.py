"""Route of a further proof of identity."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.credentials.errors import (
    FactorInvalidException,
    FactorNotFoundException,
    PasskeyInvalidException,
    PasskeyUnknownException,
)
from auth_api.credentials.passkeys.schemas import EXAMPLE_ACCOUNT_OPTIONS, NoOptions, PasskeyRequestOptions
from auth_api.flows.step_up.schemas import EXAMPLE_STEP_UP, EXAMPLE_STEP_UP_BY_PASSKEY, StepUpRequest
from auth_api.flows.step_up.service import StepUpService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, protected, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.schemas import EXAMPLE_STEPPED_UP, SteppedUp, stepped_up_view
from auth_api.sign_in.second_factors import FactorMethod
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import UserNotFoundException


class StepUpController(Controller):
    """Prove the identity again."""

    path = "/api/auth"
    tags = ("Authentication",)

    @post(
        "/step-up",
        status_code=200,
        summary="Prove the identity again",
        operation_id="stepUp",
        rate_limit="step_up",
        **with_examples(
            protected(
                *BODY_ERRORS,
                *AUTHENTICATION_ERRORS,
                FactorNotFoundException,
                UserNotFoundException,
                TooManyAttemptsException,
                FactorInvalidException,
                PasskeyInvalidException,
                PasskeyUnknownException,
                *DATABASE_ERRORS,
                response=EXAMPLE_STEPPED_UP,
                request=EXAMPLE_STEP_UP,
            ),
            requests={"by passkey": EXAMPLE_STEP_UP_BY_PASSKEY},
        ),
    )
    async def step_up(
        self,
        data: JSONBody[StepUpRequest],
        principal: Injected[Principal],
        step_ups: Injected[StepUpService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> SteppedUp:
        """Continue after `STEP_UP_REQUIRED`, with one of its `methods`.

        The response has a new access token of the same session, for the repetition of the refused request. Earlier
        access tokens and the refresh token stay valid.
        """
        if data.credential is not None:
            stepped_up = await step_ups.with_passkey(principal, data.credential, request_context)
        elif data.password is not None:
            stepped_up = await step_ups.with_password(principal, data.password, request_context)
        else:
            stepped_up = await step_ups.with_code(
                principal, FactorMethod(data.method), data.code or "", request_context
            )
        return stepped_up_view(stepped_up.session, sessions, recovery_codes_left=stepped_up.recovery_codes_left)

    @post(
        "/step-up/passkey-options",
        status_code=200,
        summary="Begin to prove the identity again by a passkey",
        operation_id="beginPasskeyStepUp",
        rate_limit="passkey_options",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            FactorNotFoundException,
            *DATABASE_ERRORS,
            response=EXAMPLE_ACCOUNT_OPTIONS,
            request={},
        ),
    )
    async def passkey_options(
        self,
        data: JSONBody[NoOptions],  # noqa: ARG002 - checks that the body is an empty object
        principal: Injected[Principal],
        step_ups: Injected[StepUpService],
    ) -> PasskeyRequestOptions:
        """Return what the browser needs to use a passkey of the account. It works once, in this session."""
        return PasskeyRequestOptions(public_key=await step_ups.passkey_options(principal))
