"""Route of the login."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.flows.login.schemas import (
    EXAMPLE_LOGIN,
    EXAMPLE_LOGIN_BY_USERNAME,
    LoginRequest,
)
from auth_api.flows.login.service import LoginService
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaEnrolmentRequiredException,
    MfaRequiredException,
)
from auth_api.sign_in.schemas import EXAMPLE_LOGGED_IN, LoggedIn, logged_in_view
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import InvalidCredentialsException


class LoginController(Controller):
    """Log in with a password."""

    path = "/api/auth"
    tags = ("Authentication",)

    @post(
        "/login",
        status_code=200,
        summary="Log in",
        operation_id="logIn",
        load_shedder="password_hashing",
        rate_limit="login",
        **with_examples(
            public(
                *BODY_ERRORS,
                InvalidCredentialsException,
                AccountDisabledException,
                EmailNotVerifiedException,
                MfaRequiredException,
                MfaEnrolmentRequiredException,
                TooManyAttemptsException,
                *DATABASE_ERRORS,
                response=EXAMPLE_LOGGED_IN,
                request=EXAMPLE_LOGIN,
            ),
            requests={"by username": EXAMPLE_LOGIN_BY_USERNAME},
        ),
    )
    async def log_in(
        self,
        data: JSONBody[LoginRequest],
        login: Injected[LoginService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> LoggedIn:
        """Log in with the password, and either `email` or `username`.

        An unknown account and a wrong password get the same response, after the same work.
        """
        signed_in = await login.with_password(
            email=data.email, username=data.username, password=data.password, request_context=request_context
        )
        return logged_in_view(signed_in, sessions)
