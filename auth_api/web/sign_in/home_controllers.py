"""GET / of a server in production."""

from typing import Any, Final

from litestar import Controller, Request, Response, get

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.frame.journey import ACCOUNT
from auth_api.web.frame.redirects import see_other

REDIRECT: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False}
"""Keyword arguments of a handler of no page."""


class HomeController(Controller):
    """Lead to the account. In development, a start page has this path."""

    path = "/"

    @get("/", **REDIRECT)
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Lead to the account."""
        request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
        return see_other(ACCOUNT)
