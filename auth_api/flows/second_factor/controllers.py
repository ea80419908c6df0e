"""Route of the second step of a login."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.credentials.errors import (
    FactorInvalidException,
    FactorNotFoundException,
    PasskeyInvalidException,
    PasskeyUnknownException,
)
from auth_api.credentials.passkeys.schemas import EXAMPLE_ACCOUNT_OPTIONS, PasskeyRequestOptions
from auth_api.flows.second_factor.schemas import (
    EXAMPLE_SECOND_FACTOR,
    EXAMPLE_SECOND_FACTOR_BY_PASSKEY,
    SecondFactorOptionsRequest,
    SecondFactorRequest,
)
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import AccountDisabledException, EmailNotVerifiedException, MfaTokenInvalidException
from auth_api.sign_in.pending_login import EXAMPLE_MFA_TOKEN
from auth_api.sign_in.schemas import EXAMPLE_LOGGED_IN_BY_CODE, LoggedIn, logged_in_view
from auth_api.sign_in.second_factors import FactorMethod
from auth_api.throttling.errors import TooManyAttemptsException


class SecondFactorController(Controller):
    """Complete a login by a second factor."""

    path = "/api/auth"
    tags = ("Authentication",)

    @post(
        "/mfa",
        status_code=200,
        summary="Complete a login by a second factor",
        operation_id="completeLogin",
        rate_limit="mfa",
        **with_examples(
            public(
                *BODY_ERRORS,
                MfaTokenInvalidException,
                FactorNotFoundException,
                TooManyAttemptsException,
                FactorInvalidException,
                PasskeyInvalidException,
                PasskeyUnknownException,
                AccountDisabledException,
                EmailNotVerifiedException,
                *DATABASE_ERRORS,
                response=EXAMPLE_LOGGED_IN_BY_CODE,
                request=EXAMPLE_SECOND_FACTOR,
            ),
            requests={"by passkey": EXAMPLE_SECOND_FACTOR_BY_PASSKEY},
        ),
    )
    async def complete_login(
        self,
        data: JSONBody[SecondFactorRequest],
        second_factor: Injected[SecondFactorService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> LoggedIn:
        """Continue a login that responded `MFA_REQUIRED`. Five wrong codes or passkeys end it."""
        if data.credential is not None:
            login = await second_factor.complete_with_passkey(data.mfa_token, data.credential, request_context)
        else:
            login = await second_factor.complete(
                data.mfa_token, FactorMethod(data.method), data.code or "", request_context
            )
        return logged_in_view(login.signed_in, sessions, recovery_codes_left=login.recovery_codes_left)

    @post(
        "/mfa/passkey-options",
        status_code=200,
        summary="Begin to use a passkey as second factor",
        operation_id="beginPasskeySecondFactor",
        rate_limit="passkey_options",
        **public(
            *BODY_ERRORS,
            MfaTokenInvalidException,
            FactorNotFoundException,
            *DATABASE_ERRORS,
            response=EXAMPLE_ACCOUNT_OPTIONS,
            request={"mfa_token": EXAMPLE_MFA_TOKEN},
        ),
    )
    async def passkey_options(
        self, data: JSONBody[SecondFactorOptionsRequest], second_factor: Injected[SecondFactorService]
    ) -> PasskeyRequestOptions:
        """Return what the browser needs to use a passkey of the account. It works once, for this login."""
        return PasskeyRequestOptions(public_key=await second_factor.passkey_options(data.mfa_token))
