"""GET / and /dev/mailbox, in development."""

from typing import Any, Final

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.accept import prefers_html
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.frame.local_requests import require_local_request
from auth_api.web.mailbox.mailbox import DevelopmentMailbox
from auth_api.web.mailbox.start_page import StartPage

HTML: Final = "text/html"

DEVELOPMENT_PAGE: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False}
"""Keyword arguments of a handler of a page that has no form."""


class StartPageController(Controller):
    """The start page, except in production."""

    path = "/"

    @get("/", **DEVELOPMENT_PAGE)
    async def show(self, request: Request[Any, Any, Any], start_page: Injected[StartPage]) -> Response[str]:
        """Return the page to a browser.

        Raises:
            NotFoundException: the client does not prefer HTML.
        """
        if not prefers_html(request.headers.get("Accept", "")):
            raise NotFoundException
        request.scope["state"][PAGE_KIND] = PageKind.DOCUMENT
        return Response(start_page.render(request.app.state.pages), media_type=HTML, headers={"Vary": "Accept"})


class MailboxController(Controller):
    """The mails in the folder that replaces a mail server in development."""

    path = "/dev/mailbox"

    @get("/", guards=[require_local_request], **DEVELOPMENT_PAGE)
    async def show(self, development_mailbox: Injected[DevelopmentMailbox]) -> Response[str]:
        """Return a page with all mails."""
        return Response(await development_mailbox.page(), media_type=HTML)

    @get("/html/{mail_name:str}", guards=[require_local_request], **DEVELOPMENT_PAGE)
    async def show_html(
        self, mail_name: FromPath[str], development_mailbox: Injected[DevelopmentMailbox]
    ) -> Response[str]:
        """Return the HTML part of a mail as a document of its own: a frame would have the page policy."""
        return Response(await development_mailbox.html_of(mail_name), media_type=HTML)
