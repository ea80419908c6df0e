"""POST /account/login/passkey: sign in with a passkey."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.passkey_login.service import PasskeyLoginService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.factor_schemas import PasskeyLoginForm
from auth_api.web.sign_in.outcomes import refused_sign_in

_TEMPLATE: Final = "sign_in/login.html"


class PasskeyLoginPageController(Controller):
    """Sign in with a passkey. The script of the sign-in page requests its options from the API."""

    path = "/account/login/passkey"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the sign-in page."""
        return visit.redirect(visit.journey.link(LOGIN))

    @post("/", rate_limit="passkey", **PAGE)
    async def log_in(self, visit: Injected[Visit], passkey_login: Injected[PasskeyLoginService]) -> Response[Any]:
        """Sign in, and lead to where the journey leads."""
        try:
            form = await visit.form(PasskeyLoginForm)
            if form.credential is None:
                return visit.page(_TEMPLATE)
            carrier = visit.carrier(keep=form.keep)
            signed_in = await passkey_login.log_in(form.credential, visit.request_context, carrier=carrier)
        except ApplicationException as refusal:
            return refused_sign_in(visit, refusal, _TEMPLATE)
        return await visit.signed_in(signed_in.session, keep=form.keep)
