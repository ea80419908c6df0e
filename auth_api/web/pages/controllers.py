"""GET /account/…, /errors/…, the files of the pages, and in development /dev/mailbox."""

import ipaddress
from pathlib import Path
from typing import Any, Final

from litestar import Controller, Request, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.datastructures.headers import Accept
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.client_ip import FORWARDED_HEADERS
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import PUBLIC, public
from auth_api.kit.http.scope_keys import request_context_of
from auth_api.kit.http.static_files import static_files_router
from auth_api.web.pages.error_catalogue import ErrorCatalogue, Representation
from auth_api.web.pages.mailbox import DevelopmentMailbox
from auth_api.web.pages.schemas import EXAMPLE_DESCRIPTION, EXAMPLE_LIST, ErrorDescription, ErrorDescriptionList
from auth_api.web.pages.service import AccountPages

HTML: Final = "text/html"
JSON: Final = "application/json"

CATALOGUE_MAX_AGE_SECONDS: Final = 300

MAX_ACCEPT_LENGTH: Final = 512
"""Characters of `Accept` that are parsed: Litestar takes 95 ms for a header of 16 KiB."""

PAGE: Final[dict[str, Any]] = {PUBLIC: True, "include_in_schema": False}
"""Arguments of a handler that is no part of the API."""


class AccountPageController(Controller):
    """The pages that mails lead to; what a GET of one does is show it, whoever or whatever asks."""

    path = "/account"

    @get("/{page_name:str}", **PAGE)
    async def show(self, page_name: FromPath[str], account_pages: Injected[AccountPages]) -> Response[str]:
        """Show a page."""
        return Response(account_pages.find(page_name), media_type=HTML)


def assets_router() -> Router:
    """Return the router of the style sheet, the script and the icon of the pages."""
    return static_files_router("/assets", Path(__file__).parent / "assets", name="page-assets")


class ErrorController(Controller):
    """The catalogue that the `type` of every error leads to; browsers get a page."""

    path = "/errors"
    tags = ("Operation",)

    @get(
        "/",
        summary="List the errors",
        operation_id="listErrors",
        **public(response=EXAMPLE_LIST),
    )
    async def list_errors(
        self, request: Request[Any, Any, Any], error_catalogue: Injected[ErrorCatalogue]
    ) -> Response[ErrorDescriptionList]:
        """Return every error there is, what it means, and what a client does about it; to browsers, as a page."""
        return _respond(error_catalogue.list_all(as_page=_prefers_page(request)))

    @get(
        "/{error_code:str}",
        summary="Read about an error",
        operation_id="readError",
        **public(NotFoundException, response=EXAMPLE_DESCRIPTION),
    )
    async def read_error(
        self, error_code: FromPath[str], request: Request[Any, Any, Any], error_catalogue: Injected[ErrorCatalogue]
    ) -> Response[ErrorDescription]:
        """Return what an `error_code` means, and what a client does about it; to browsers, as a page."""
        return _respond(error_catalogue.find(error_code, as_page=_prefers_page(request)))


def _prefers_page(request: Request[Any, Any, Any]) -> bool:
    """Return whether the client prefers HTML; without a preference it gets JSON."""
    header = request.headers.get("Accept", "")[:MAX_ACCEPT_LENGTH]
    try:
        return Accept(header).best_match([JSON, HTML], JSON) == HTML
    except OverflowError:  # from Litestar, for `q=inf`
        return False


def _respond(representation: Representation) -> Response[Any]:
    headers = {
        "Cache-Control": f"public, max-age={CATALOGUE_MAX_AGE_SECONDS}",
        "ETag": representation.etag,
        "Vary": "Accept",
    }
    return Response(representation.content, media_type=representation.media_type, headers=headers)


def _require_this_machine(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let nobody else see the mailbox, whose links open every account: `development` is easily left on by mistake.

    A request counts as this machine's if its peer is, no proxy has passed it on, and `Host` is an address or
    `localhost`: any other name could be a stranger's that was made to lead here (DNS rebinding).
    """
    headers = connection.headers
    was_passed_on = any(name.decode() in headers for name in FORWARDED_HEADERS) or "via" in headers
    is_near = _is_loopback(request_context_of(connection.scope).client_ip)
    if was_passed_on or not is_near or not _is_own_name(headers.get("host", "")):
        raise NotFoundException


def _is_loopback(address: str | None) -> bool:
    return address is not None and ipaddress.ip_address(address).is_loopback


def _is_own_name(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


class MailboxController(Controller):
    """All mails that were laid into the folder."""

    path = "/dev/mailbox"

    @get("/", guards=[_require_this_machine], **PAGE)
    async def show(self, development_mailbox: Injected[DevelopmentMailbox]) -> Response[str]:
        """Show them."""
        return Response(await development_mailbox.page(), media_type=HTML)

    @get("/html/{mail_name:str}", guards=[_require_this_machine], **PAGE)
    async def show_html(
        self, mail_name: FromPath[str], development_mailbox: Injected[DevelopmentMailbox]
    ) -> Response[str]:
        """Show the HTML part of one, as a document of its own: a frame would have to share the page's policy."""
        return Response(await development_mailbox.html_of(mail_name), media_type=HTML)
