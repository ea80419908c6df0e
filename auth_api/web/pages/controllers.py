"""GET /account/…, /errors/…, the files of the pages, and in development /dev/mailbox."""

import ipaddress
from typing import Any, Final

from litestar import Controller, Request, Response, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.accept import quality
from auth_api.kit.http.client_address import FORWARDED
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import PUBLIC, public
from auth_api.kit.http.scope_keys import request_context_of
from auth_api.web.pages.error_catalogue import ErrorCatalogue
from auth_api.web.pages.mailbox import DevelopmentMailbox
from auth_api.web.pages.schemas import EXAMPLE_DESCRIPTION, EXAMPLE_LIST, ErrorDescription, ErrorDescriptionList
from auth_api.web.pages.service import AccountPages, StaticFiles
from auth_api.web.pages.static_file import StaticFile

HTML: Final = "text/html"
JSON: Final = "application/json"

CATALOGUE_MAX_AGE: Final = 300
"""Seconds that errors may be shown as they were described before: a new version says the same of nearly all."""

PAGE: Final[dict[str, Any]] = {PUBLIC: True, "include_in_schema": False}
"""Arguments of a handler that is no part of the API."""


class AccountPageController(Controller):
    """The pages that mails lead to; what a GET of one does is show it, whoever or whatever asks."""

    path = "/account"

    @get("/{page_name:str}", **PAGE)
    async def show(self, page_name: FromPath[str], account_pages: Injected[AccountPages]) -> Response[str]:
        """Show a page."""
        return Response(account_pages.find(page_name), media_type=HTML)


class StaticFileController(Controller):
    """What pages load.

    Asked for anew by each page and answered with 304: while a new version replaces an old one, no page gets the other's
    files for longer than that.
    """

    path = "/assets"

    @get("/{file_name:str}", **PAGE)
    async def read(
        self, file_name: FromPath[str], request: Request[Any, Any, Any], static_files: Injected[StaticFiles]
    ) -> Response[bytes | None]:
        """Return a file, or 304 where the browser has it."""
        return _sent(static_files.find(file_name), request, {"Cache-Control": "no-cache"})


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
        return _described(error_catalogue.everything(as_page=_wants_page(request)), request)

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
        return _described(error_catalogue.find(error_code, as_page=_wants_page(request)), request)


def _wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell a person from a program: who wants neither more gets JSON."""
    accept = ",".join(request.headers.getall("Accept", []))
    return quality(accept, HTML) > quality(accept, JSON)


def _described(file: StaticFile, request: Request[Any, Any, Any]) -> Response[Any]:
    return _sent(file, request, {"Cache-Control": f"public, max-age={CATALOGUE_MAX_AGE}", "Vary": "Accept"})


def _sent(file: StaticFile, request: Request[Any, Any, Any], headers: dict[str, str]) -> Response[Any]:
    tagged = {"ETag": file.tag, **headers}
    if file.tag in request.headers.get("If-None-Match", ""):
        return Response(None, status_code=304, headers=tagged)
    return Response(file.content, media_type=file.media_type, headers=tagged)


def _require_this_machine(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let nobody else see the mailbox, whose links open every account: `development` is easily left on by mistake.

    A request counts as this machine's if its peer is, no proxy has passed it on, and `Host` is an address or
    `localhost`: any other name could be a stranger's that was made to lead here (DNS rebinding).
    """
    headers = connection.headers
    was_passed_on = any(name.decode() in headers for name in FORWARDED) or "via" in headers
    is_near = _is_loopback(request_context_of(connection.scope).ip_address)
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
