"""GET and POST /account/login."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.login.service import LoginService
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.error_links import error_of_link
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.outcomes import unfinished_sign_in
from auth_api.web.sign_in.schemas import LoginForm


class LoginPageController(Controller):
    """Sign in with a password."""

    path = "/account/login"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Show the form; to people who are signed in, the question with which account they go on."""
        refusal = error_of_link(visit.query.get("error"))
        if visit.browser is not None and visit.query.get("again") != "1":
            another = visit.journey.link(LOGIN, again="1")
            return visit.page("sign_in/continue.html", refusal=refusal, another=another)
        return visit.page("sign_in/login.html", refusal=refusal)

    @post("/", load_shedder="password_hashing", rate_limit="login", **PAGE)
    async def log_in(
        self, visit: Injected[Visit], login: Injected[LoginService], second_factor: Injected[SecondFactorService]
    ) -> Response[Any]:
        """Sign in, and lead to where the journey leads."""
        try:
            form = await visit.form(LoginForm)
            signed_in = await login.with_password(
                email=form.identifier if "@" in form.identifier else None,
                username=None if "@" in form.identifier else form.identifier,
                password=form.password,
                request_context=visit.request_context,
                carrier=visit.carrier(keep=form.keep),
            )
        except ApplicationException as refusal:
            return await unfinished_sign_in(visit, refusal, "sign_in/login.html", second_factor)
        return await visit.signed_in(signed_in.session, keep=form.keep)

    @get("/continue", **PAGE)
    async def show_continue(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the sign-in page, which asks with which account the person goes on."""
        return visit.redirect(visit.journey.link(LOGIN))

    @post("/continue", **PAGE)
    async def go_on(self, visit: Injected[Visit]) -> Response[str]:
        """Lead a person who is signed in to where the journey leads."""
        await visit.read_fields()
        if visit.browser is None:
            return visit.redirect(visit.journey.link(LOGIN))
        return await visit.go_on()
