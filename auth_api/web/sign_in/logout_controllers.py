"""GET and POST /account/logout."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.kit.http.dependencies import Injected
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.web.frame.journey import ACCOUNT, LOGIN, LOGOUT
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.schemas import LogoutForm


class LogoutPageController(Controller):
    """Sign out."""

    path = LOGOUT

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Ask whether to sign out."""
        return visit.page("sign_in/logout.html")

    @post("/", **PAGE)
    async def log_out(self, visit: Injected[Visit], browser_sessions: Injected[BrowserSessions]) -> Response[Any]:
        """End the session of the browser, and delete its cookie, also if it has ended before.

        An application that has sent the person here is where the page leads to.
        """
        form = await visit.form(LogoutForm)
        if form.decision != "yes":
            return visit.redirect(ACCOUNT)
        if visit.cookie is not None:
            await browser_sessions.log_out(visit.cookie, visit.request_context)
        return visit.signed_out(f"{LOGIN}?done=signed-out", return_to=visit.journey.return_to)
