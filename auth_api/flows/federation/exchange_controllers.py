"""Route of the exchange of a code."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.flows.federation.errors import IdentityLinkRequiredException, SignUpRequiredException
from auth_api.flows.federation.exchange import Exchange
from auth_api.flows.federation.schemas import EXAMPLE_EXCHANGE, ExchangeRequest
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaEnrolmentRequiredException,
    MfaRequiredException,
)
from auth_api.sign_in.schemas import EXAMPLE_LOGGED_IN, LoggedIn, logged_in_view
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.users.errors import RegistrationClosedException


class ExchangeController(Controller):
    """Exchange the code of a sign-in for tokens."""

    path = "/api/auth/exchange"
    tags = ("Authentication",)

    @post(
        "/",
        status_code=200,
        summary="Exchange a code for tokens",
        operation_id="exchangeCode",
        rate_limit="exchange",
        **public(
            *BODY_ERRORS,
            FlowInvalidException,
            AccountDisabledException,
            EmailNotVerifiedException,
            MfaRequiredException,
            MfaEnrolmentRequiredException,
            RegistrationClosedException,
            SignUpRequiredException,
            IdentityLinkRequiredException,
            *DATABASE_ERRORS,
            response=EXAMPLE_LOGGED_IN,
            request=EXAMPLE_EXCHANGE,
        ),
    )
    async def exchange_code(
        self,
        data: JSONBody[ExchangeRequest],
        exchange: Injected[Exchange],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> LoggedIn:
        """Log in with the code that a sign-in on the pages or by a provider has returned to the application.

        A wrong `code_verifier` does not use the code up. After a lost response, start the sign-in again.
        """
        signed_in = await exchange.log_in(data.code, data.code_verifier, request_context)
        return logged_in_view(signed_in, sessions)
