"""GET /account/…, /errors/…, and in development / and /dev/mailbox."""

import ipaddress
from typing import Annotated, Any, Final

from litestar import Controller, Request, Response, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, PathParameter

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.accept import prefers_html
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import public
from auth_api.kit.http.scope_keys import PAGE_KIND, request_context_of
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.pages.error_catalogue import ErrorCatalogue, Representation
from auth_api.web.pages.mailbox import DevelopmentMailbox
from auth_api.web.pages.schemas import EXAMPLE_DESCRIPTION, EXAMPLE_LIST, ErrorDescription, ErrorDescriptionList
from auth_api.web.pages.service import AccountPages, HomePage

HTML: Final = "text/html"

CATALOGUE_MAX_AGE_SECONDS: Final = 300

_PROXY_HEADERS: Final = frozenset({"forwarded", "via", "x-real-ip"})
"""Headers that proxies add, beside `X-Forwarded-…`."""

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


class HomeController(Controller):
    """The start page in development; elsewhere this server has none."""

    path = "/"

    @get("/", **PAGE)
    async def show(self, request: Request[Any, Any, Any], home_page: Injected[HomePage]) -> Response[str]:
        """Return the page to a browser.

        Raises:
            NotFoundException: the client does not prefer HTML.
        """
        if not _prefers_page(request):
            raise NotFoundException
        request.scope["state"][PAGE_KIND] = PageKind.DOCUMENT
        return Response(home_page.render(), media_type=HTML, headers={"Vary": "Accept"})


class ErrorController(Controller):
    """The error catalogue, to which the `type` of every error leads."""

    path = "/errors"
    tags = ("Operation",)

    @get(
        "/",
        summary="List all errors",
        operation_id="listErrors",
        also_html=True,
        **public(response=EXAMPLE_LIST),
    )
    async def list_errors(
        self, request: Request[Any, Any, Any], error_catalogue: Injected[ErrorCatalogue]
    ) -> Response[ErrorDescriptionList]:
        """Return all errors, their meaning and what a client should do. Browsers get an HTML page."""
        return _respond(error_catalogue.list_all(as_page=_prefers_page(request)))

    @get(
        "/{error_code:str}",
        summary="Describe an error",
        operation_id="readError",
        also_html=True,
        **public(NotFoundException, response=EXAMPLE_DESCRIPTION),
    )
    async def read_error(
        self,
        error_code: Annotated[str, PathParameter(description="An `error_code`.")],
        request: Request[Any, Any, Any],
        error_catalogue: Injected[ErrorCatalogue],
    ) -> Response[ErrorDescription]:
        """Return the meaning of an `error_code` and what a client should do. Browsers get an HTML page."""
        return _respond(error_catalogue.find(error_code, as_page=_prefers_page(request)))


def _prefers_page(request: Request[Any, Any, Any]) -> bool:
    return prefers_html(request.headers.get("Accept", ""))


def _respond(representation: Representation) -> Response[Any]:
    headers = {
        "Cache-Control": f"public, max-age={CATALOGUE_MAX_AGE_SECONDS}",
        "ETag": representation.etag,
        "Vary": "Accept",
    }
    return Response(representation.content, media_type=representation.media_type, headers=headers)


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

    @get("/", guards=[_require_local_request], **PAGE)
    async def show(self, development_mailbox: Injected[DevelopmentMailbox]) -> Response[str]:
        """Return a page with all mails."""
        return Response(await development_mailbox.page(), media_type=HTML)

    @get("/html/{mail_name:str}", guards=[_require_local_request], **PAGE)
    async def show_html(
        self, mail_name: FromPath[str], development_mailbox: Injected[DevelopmentMailbox]
    ) -> Response[str]:
        """Return the HTML part of a mail as a document of its own: a frame would have the page policy."""
        return Response(await development_mailbox.html_of(mail_name), media_type=HTML)
