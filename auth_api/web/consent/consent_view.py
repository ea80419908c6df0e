"""What the pages about the request of an application say about it."""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from auth_api.oauth.authorize.decisions import Waiting
from auth_api.oauth.clients.client import ClientKind
from auth_api.oauth.requests.request import OAuthRequest
from auth_api.oauth.resources.built_in_scopes import OFFLINE_ACCESS
from auth_api.oauth.resources.service import Resources
from auth_api.web.frame.devices import device_of
from auth_api.web.frame.languages import _, translations
from auth_api.web.frame.scope_texts import scope_text

_KINDS: Final = {
    ClientKind.WEB: _("Website"),
    ClientKind.SPA: _("Website that runs in your browser"),
    ClientKind.NATIVE: _("App on your device"),
    ClientKind.DEVICE: _("Device without a browser"),
}

_LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class AskingDevice(msgspec.Struct, frozen=True, kw_only=True):
    """The device that asks for access, as it sent the request."""

    name: str
    ip_address: str | None
    asked_at: datetime


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """An application and what it asks for, in the language of the page.

    Attributes:
        name: of the application.
        kind: of the application, in words.
        home: the host of its home page; None if it has none.
        target: where the browser returns to: a host, or the scheme of an app; None for a device.
        is_local: whether a program on the device of the person gets the answer, which may be another one.
        permissions: a sentence per scope.
        is_offline: whether it keeps its access until the person withdraws it.
        device: the device that asks; None if a browser was sent here.
    """

    name: str
    kind: str
    home: str | None
    target: str | None
    is_local: bool
    permissions: list[str]
    is_offline: bool
    device: AskingDevice | None


async def view_of(waiting: Waiting, resources: Resources, language: str) -> ConsentView:
    """Return what a page shows of a request."""
    asked = waiting.asked
    text = translations(language).gettext
    scopes = [scope for scope in asked.parameters.scopes if scope != OFFLINE_ACCESS]
    descriptions = await resources.descriptions()
    target, is_local = _target(asked.parameters.redirect_uri)
    return ConsentView(
        name=asked.client.name,
        kind=text(_KINDS[asked.client.kind]),
        home=urlsplit(asked.client.uri).netloc if asked.client.uri else None,
        target=target,
        is_local=is_local,
        permissions=[scope_text(scope, descriptions, language) for scope in scopes],
        is_offline=asked.is_offline,
        device=_device(waiting.request, language) if waiting.is_of_device else None,
    )


def _device(request: OAuthRequest, language: str) -> AskingDevice:
    name = device_of(request.user_agent, language).name
    return AskingDevice(name=name, ip_address=request.ip_address, asked_at=request.created_at)


def _target(redirect_uri: str | None) -> tuple[str | None, bool]:
    """Return where the browser returns to, and whether that is a program on the device of the person."""
    if redirect_uri is None:
        return None, False
    parts = urlsplit(redirect_uri)
    if parts.scheme in {"http", "https"}:
        return parts.netloc, parts.hostname in _LOOPBACK_HOSTS
    return f"{parts.scheme}:", True
