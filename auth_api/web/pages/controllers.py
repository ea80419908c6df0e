"""GET /account/PAGE."""

from typing import Any, Final

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.pages.service import AccountPages

HTML: Final = "text/html"

PAGE: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False}
"""Keyword arguments of a handler that is not part of the API."""


class AccountPageController(Controller):
    """The pages of the links in mails. A GET, for example by a mail scanner, changes nothing."""

    path = "/account"

    @get("/{page_name:str}", **PAGE)
    async def show(
        self, page_name: FromPath[str], request: Request[Any, Any, Any], account_pages: Injected[AccountPages]
    ) -> Response[str]:
        """Return a page."""
        request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
        return Response(account_pages.find(page_name), media_type=HTML)
