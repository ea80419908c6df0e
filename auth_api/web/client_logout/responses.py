"""Responses to a browser that an application has sent to log out."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from auth_api.kit.errors import ValidationException
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.languages import language_of_locales
from auth_api.web.frame.redirects import see_other
from auth_api.web.frame.visit import Visit


def refused(visit: Visit, refusal: ValidationException) -> Response[Any]:
    """Return a page that names the error, and offers to log out without a way back to the application."""
    return visit.page("client_logout/refused_logout.html", status=HTTPStatus.BAD_REQUEST, refusal=refusal)


def leads_on(visit: Visit, path: str, raw: str, parameters: Parameters, *, cookie: str | None = None) -> Response[str]:
    """Return a redirect to the next step of a stored log-out, in the language that the application asks for.

    Args:
        visit: the request.
        path: the next step.
        raw: the token of the log-out.
        parameters: those of the request.
        cookie: the value of `Set-Cookie`; None to set none.
    """
    lang = visit.query.get("lang") or language_of_locales(" ".join(parameters.all("ui_locales")))
    query = {"request": raw} if lang is None else {"request": raw, "lang": lang}
    return visit.redirect(f"{path}?{urlencode(query)}", cookie=cookie)


async def ended(visit: Visit, target: str | None, browser_sessions: BrowserSessions) -> Response[str]:
    """End the session of the browser, if it has one, and return a redirect.

    Args:
        visit: the request.
        target: the address of the application; None to lead to the sign-in page.
        browser_sessions: ends the session.
    """
    if visit.cookie is not None:
        await browser_sessions.log_out(visit.cookie, visit.request_context)
    if target is None:
        return visit.signed_out(f"{LOGIN}?done=signed-out")
    visit.request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
    return see_other(target, {"Set-Cookie": visit.frame.cookie.delete()})
