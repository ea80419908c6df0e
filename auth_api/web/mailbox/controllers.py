"""GET / and /dev/mailbox, in development."""

import ipaddress
from typing import Any, Final

from litestar import Controller, Request, Response, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.accept import prefers_html
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.scope_keys import PAGE_KIND, request_context_of
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.mailbox.mailbox import DevelopmentMailbox
from auth_api.web.mailbox.start_page import StartPage

HTML: Final = "text/html"

DEVELOPMENT_PAGE: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False}
"""Keyword arguments of a handler of a page that has no form."""

_PROXY_HEADERS: Final = frozenset({"forwarded", "via", "x-real-ip"})
"""Headers that proxies add, beside `X-Forwarded-…`."""


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


def _require_local_request(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Allow only requests from this machine, since a server may run in development mode by mistake.

    The links in the mailbox give access to every account. A request is local if its peer is a loopback address, no
    proxy forwarded it, and `Host` is an IP address or `localhost`. Any other name could belong to an attacker's domain
    that resolves to this machine (DNS rebinding). nginx with nothing but `proxy_pass` adds no header and replaces
    `Host`, but sends HTTP/1.0 (until version 1.29.7), which no browser does.

    Raises:
        NotFoundException: the request is not local.
    """
    headers = connection.headers
    is_forwarded = (
        any(name.startswith("x-forwarded-") or name in _PROXY_HEADERS for name in headers)
        or connection.scope["http_version"] == "1.0"
    )
    is_from_loopback = _is_loopback(request_context_of(connection.scope).client_ip)
    if is_forwarded or not is_from_loopback or not _is_local_host(headers.get("host", "")):
        raise NotFoundException


def _is_loopback(ip: str | None) -> bool:
    return ip is not None and ipaddress.ip_address(ip).is_loopback


def _is_local_host(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


class MailboxController(Controller):
    """The mails in the folder that replaces a mail server in development."""

    path = "/dev/mailbox"

    @get("/", guards=[_require_local_request], **DEVELOPMENT_PAGE)
    async def show(self, development_mailbox: Injected[DevelopmentMailbox]) -> Response[str]:
        """Return a page with all mails."""
        return Response(await development_mailbox.page(), media_type=HTML)

    @get("/html/{mail_name:str}", guards=[_require_local_request], **DEVELOPMENT_PAGE)
    async def show_html(
        self, mail_name: FromPath[str], development_mailbox: Injected[DevelopmentMailbox]
    ) -> Response[str]:
        """Return the HTML part of a mail as a document of its own: a frame would have the page policy."""
        return Response(await development_mailbox.html_of(mail_name), media_type=HTML)
