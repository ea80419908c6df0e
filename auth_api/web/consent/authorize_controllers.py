"""/oauth2/authorize: where applications send browsers, and from where these return."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.dependencies import Injected
from auth_api.oauth.authorize.request_checks import REPEATABLE
from auth_api.oauth.authorize.service import Authorization
from auth_api.oauth.protocol.parameters import read_parameters
from auth_api.web.consent.addresses import page_of
from auth_api.web.frame.languages import language_of_locales
from auth_api.web.frame.redirects import see_other
from auth_api.web.frame.visit import Visit

BROWSER: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False, "status_code": 303}
"""Keyword arguments of a handler that browsers visit, as they visit pages: no program calls it."""


class AuthorizeController(Controller):
    """Begin and end the sign-in to an application (RFC 6749 §4.1.1, §4.1.2)."""

    path = "/oauth2/authorize"

    @get("/", rate_limit="oauth_authorize", **BROWSER)
    async def begin(
        self, visit: Injected[Visit], authorization: Injected[Authorization], browser_cookie: Injected[BrowserCookie]
    ) -> Response[str]:
        """Send the browser back at once, or to the page with what the person has to do."""
        browser, set_cookie = browser_cookie.keep_or_create(visit.request.scope["headers"])
        response = await _begin(visit, authorization, browser)
        response.headers["Set-Cookie"] = set_cookie
        return response

    @post("/", rate_limit="oauth_authorize", **BROWSER)
    async def begin_with_form(self, visit: Injected[Visit], authorization: Injected[Authorization]) -> Response[str]:
        """Store the request of a form. Another site made the browser send it, so it came without cookies."""
        return await _begin(visit, authorization, None)

    @get("/response", rate_limit="oauth_response", **BROWSER)
    async def respond(
        self, visit: Injected[Visit], authorization: Injected[Authorization], browser_cookie: Injected[BrowserCookie]
    ) -> Response[str]:
        """Send the browser back, or to the page with what the person still has to do."""
        raw, browser = visit.query.get("request"), browser_cookie.read(visit.request.scope["headers"])
        address = await authorization.respond(raw, browser, visit.optional_principal, visit.request_context)
        return see_other(address or page_of(str(raw), None))


async def _begin(visit: Visit, authorization: Authorization, browser: str | None) -> Response[str]:
    """Answer or store a request; an application that is not known gets no answer, only the person does."""
    parameters = await read_parameters(visit.request, repeatable=REPEATABLE)
    try:
        address, token = await authorization.begin(
            parameters,
            browser=browser,
            principal=visit.optional_principal,
            request_context=visit.request_context,
        )
    except ValidationException as error:
        request_id = visit.request_context.request_id
        return visit.page(
            "consent/invalid_request.html", status=HTTPStatus.BAD_REQUEST, refusal=error, request_id=request_id
        )
    return see_other(address or page_of(token, language_of_locales(parameters.get("ui_locales"))))
