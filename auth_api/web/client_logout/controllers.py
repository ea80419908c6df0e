"""GET and POST /oauth2/logout."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.dependencies import Injected
from auth_api.oauth.logout.service import ClientLogouts
from auth_api.oauth.protocol.parameters import read_parameters
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.web.client_logout.responses import ended, leads_on, refused
from auth_api.web.frame.journey import LOGOUT
from auth_api.web.frame.visit import Visit

ENDPOINT: Final[dict[str, Any]] = {
    ACCESS: PUBLIC,
    "include_in_schema": False,
    "rate_limit": "oauth_logout",
    "status_code": 200,
}
"""Keyword arguments of the handlers. Other sites send these requests, so their origin is not checked."""


class ClientLogoutController(Controller):
    """End the session of a browser for an application."""

    path = "/oauth2/logout"

    @get("/", **ENDPOINT)
    async def log_out(
        self,
        visit: Injected[Visit],
        client_logouts: Injected[ClientLogouts],
        browser_cookie: Injected[BrowserCookie],
        browser_sessions: Injected[BrowserSessions],
    ) -> Response[Any]:
        """Log out and lead back to the application, or lead to the page that asks."""
        browser, cookie = browser_cookie.keep_or_create(visit.request.scope["headers"])
        raw, parameters = visit.query.get("request"), await read_parameters(visit.request)
        try:
            asked = await client_logouts.find(raw, browser) if raw else await client_logouts.read(parameters)
        except ValidationException as refusal:
            return refused(visit, refusal)
        if await client_logouts.is_certain(asked, visit.browser.principal.id if visit.browser else None):
            await client_logouts.use(asked)
            return await ended(visit, asked.target, browser_sessions)
        raw = raw or await client_logouts.store(asked, browser)
        return leads_on(visit, LOGOUT, raw, parameters, cookie=cookie)

    @post("/", **ENDPOINT)
    async def store(self, visit: Injected[Visit], client_logouts: Injected[ClientLogouts]) -> Response[Any]:
        """Store the request: a form of another site comes without cookies, and the redirect that follows has them."""
        parameters = await read_parameters(visit.request)
        try:
            asked = await client_logouts.read(parameters)
        except ValidationException as refusal:
            return refused(visit, refusal)
        return leads_on(visit, self.path, await client_logouts.store(asked, None), parameters)
