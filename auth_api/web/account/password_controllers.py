"""GET and POST /account/password."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.flows.account.service import AccountService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.freshness import Freshness
from auth_api.web.account.account_page import account_page
from auth_api.web.account.schemas import PasswordForm
from auth_api.web.frame.confirmation import missing_confirmation
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

PATH: Final = "/account/password"


class PasswordPageController(Controller):
    """Change the password, or set one."""

    path = PATH

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit], freshness: Injected[Freshness]) -> Response[str]:
        """Show the form."""
        return await _form(visit, freshness)

    @post("/", load_shedder="password_hashing", rate_limit="password_change", **PAGE)
    async def change(
        self, visit: Injected[Visit], accounts: Injected[AccountService], freshness: Injected[Freshness]
    ) -> Response[Any]:
        """Change the password. All sessions end, and the browser gets a new one."""
        try:
            form = await visit.form(PasswordForm)
            keep = visit.browser is not None and visit.browser.keep
            signed_in = await accounts.change_password(
                visit.principal,
                current_password=form.current_password,
                new_password=form.new_password,
                request_context=visit.request_context,
                carrier=BrowserCarrier(keep=keep, replaces=None),
            )
        except ApplicationException as refusal:
            return await _form(visit, freshness, refusal)
        return visit.redirect(f"{PATH}?done=password", cookie=visit.session_cookie(signed_in.session, keep=keep))


async def _form(visit: Visit, freshness: Freshness, refusal: ApplicationException | None = None) -> Response[str]:
    return account_page(
        visit,
        "password",
        refusal,
        has_password=visit.principal.user.has_password,
        confirmation_address=await missing_confirmation(visit, freshness, has_password_field=True),
    )
