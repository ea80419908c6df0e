"""The keyword arguments of handlers of pages, and the routers that contain them."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Controller, Litestar, Request, Router
from litestar.routes import HTTPRoute

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.origin_check import CHECKS_ORIGIN
from auth_api.kit.http.rate_limit import RAISES_LIMIT_REFUSAL
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.users.errors import UserNotFoundException
from auth_api.web.frame.frame import Frame
from auth_api.web.frame.journey import ACCOUNT
from auth_api.web.frame.open_visit import open_visit
from auth_api.web.frame.redirects import SignedOutError, lead_to_confirmation, lead_to_sign_in
from auth_api.web.frame.visit import Visit

PAGE: Final[dict[str, Any]] = {
    ACCESS: PUBLIC,
    CHECKS_ORIGIN: True,
    RAISES_LIMIT_REFUSAL: True,
    "include_in_schema": False,
    "status_code": 200,
}
"""Keyword arguments of a handler of a page. The session of the browser is read by the handler's parameter `visit`."""


async def provide_visit(request: Request[Any, Any, Any], frame: Injected[Frame]) -> Visit:
    """Return the visit of a request, for the parameter `visit` of handlers."""
    return await open_visit(frame, request)


def page_names(app: Litestar, *, can_register: bool) -> frozenset[str]:
    """Return the pages that exist, by their paths below `/account/`, so that templates link to no others."""
    names = frozenset(
        route.path.removeprefix(ACCOUNT).strip("/") or "account"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get(CHECKS_ORIGIN) and "GET" in handler.http_methods
    )
    return names if can_register else names - {"register"}


def page_router(controllers: Sequence[type[Controller]]) -> Router:
    """Return a router of pages."""
    return Router("/", route_handlers=controllers, exception_handlers=_REDIRECTED)


_REDIRECTED: Final[dict[int | type[Exception], Any]] = {
    SignedOutError: lead_to_sign_in,
    TokenRevokedException: lead_to_sign_in,  # the session has ended during the request
    UserNotFoundException: lead_to_sign_in,  # the account was deleted during the request
    StepUpRequiredException: lead_to_confirmation,
}
"""The errors of handlers of pages that another page corrects, which leads back."""
