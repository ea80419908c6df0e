"""GET and POST /account/logout."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.dependencies import Injected
from auth_api.oauth.logout.service import AskedLogout, ClientLogouts
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.web.frame.journey import ACCOUNT, LOGIN, LOGOUT
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.schemas import LogoutForm

REQUEST: Final = "request"


class LogoutPageController(Controller):
    """Sign out. An application that has sent the person here is where the page leads to."""

    path = LOGOUT

    @get("/", **PAGE)
    async def show(
        self,
        visit: Injected[Visit],
        client_logouts: Injected[ClientLogouts],
        browser_cookie: Injected[BrowserCookie],
    ) -> Response[str]:
        """Ask whether to sign out."""
        asked = await _asked(visit, client_logouts, browser_cookie)
        return visit.page(
            "sign_in/logout.html",
            client=asked.client.name if asked is not None and asked.client is not None else "",
            request=visit.values.get(REQUEST, ""),
            target=visit.journey.return_to if asked is None else asked.target,
        )

    @post("/", **PAGE)
    async def log_out(
        self,
        visit: Injected[Visit],
        browser_sessions: Injected[BrowserSessions],
        client_logouts: Injected[ClientLogouts],
        browser_cookie: Injected[BrowserCookie],
    ) -> Response[Any]:
        """End the session of the browser, and delete its cookie, also if it has ended before."""
        form = await visit.form(LogoutForm)
        if form.decision != "yes":
            return visit.redirect(ACCOUNT)
        asked = await _asked(visit, client_logouts, browser_cookie)
        if asked is not None:
            await client_logouts.use(asked)
        if visit.cookie is not None:
            await browser_sessions.log_out(visit.cookie, visit.request_context)
        target = visit.journey.return_to if asked is None else asked.target
        return visit.signed_out(f"{LOGIN}?done=signed-out", return_to=target)


async def _asked(visit: Visit, client_logouts: ClientLogouts, browser_cookie: BrowserCookie) -> AskedLogout | None:
    """Return the log-out that an application asks for; None if the person has come here by themselves.

    Raises:
        FlowInvalidException: it is unknown, used or expired, or belongs to another browser.
    """
    raw, browser = visit.values.get(REQUEST), browser_cookie.read(visit.request.scope["headers"])
    return await client_logouts.find(raw, browser) if raw else None
