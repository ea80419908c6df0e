"""Routes of the login with a passkey."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.credentials.errors import PasskeyInvalidException, PasskeyUnknownException
from auth_api.credentials.passkeys.schemas import EXAMPLE_REQUEST_OPTIONS, NoOptions, PasskeyRequestOptions
from auth_api.flows.passkey_login.schemas import EXAMPLE_PASSKEY_LOGIN, PasskeyLoginRequest
from auth_api.flows.passkey_login.service import PasskeyLoginService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import AccountDisabledException, EmailNotVerifiedException
from auth_api.sign_in.schemas import EXAMPLE_LOGGED_IN_BY_PASSKEY, LoggedIn, logged_in_view


class PasskeyLoginController(Controller):
    """Log in with a passkey."""

    path = "/api/auth/passkey"
    tags = ("Authentication",)

    @post(
        "/options",
        status_code=200,
        summary="Begin a login with a passkey",
        operation_id="beginPasskeyLogin",
        rate_limit="passkey_options",
        **public(*BODY_ERRORS, *DATABASE_ERRORS, response=EXAMPLE_REQUEST_OPTIONS, request={}),
    )
    async def options(
        self,
        data: JSONBody[NoOptions],  # noqa: ARG002 - validates that the body is an empty object
        passkey_login: Injected[PasskeyLoginService],
    ) -> PasskeyRequestOptions:
        """Return what the browser needs to use any passkey of this server, also for autofill.

        The options are alike for everyone, and can be used once.
        """
        return PasskeyRequestOptions(public_key=passkey_login.options())

    @post(
        "/login",
        status_code=200,
        summary="Log in with a passkey",
        operation_id="logInWithPasskey",
        rate_limit="passkey",
        **public(
            *BODY_ERRORS,
            PasskeyInvalidException,
            PasskeyUnknownException,
            AccountDisabledException,
            EmailNotVerifiedException,
            *DATABASE_ERRORS,
            response=EXAMPLE_LOGGED_IN_BY_PASSKEY,
            request=EXAMPLE_PASSKEY_LOGIN,
        ),
    )
    async def log_in(
        self,
        data: JSONBody[PasskeyLoginRequest],
        passkey_login: Injected[PasskeyLoginService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> LoggedIn:
        """Log in with what the browser returned. The passkey identifies the account, and no second factor follows."""
        return logged_in_view(await passkey_login.log_in(data.credential, request_context), sessions)
