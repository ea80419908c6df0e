"""Events of the security history as the pages show them."""

from datetime import datetime

import msgspec

from auth_api.events.audit.actors import seen_as
from auth_api.events.audit.events import AuditEntry
from auth_api.web.account.event_texts import picture_of_event, text_of_event
from auth_api.web.frame.devices import Device, device_of
from auth_api.web.frame.languages import translations


class ShownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event.

    Attributes:
        text: what happened.
        about: the application, provider or role that it concerns; empty for others.
        picture: the icon.
        is_by_operator: whether an operator or an administrator caused it; then the device is unknown.
        device: the device of the request that caused it.
        ip_address: the IP address of this request; None if it is unknown.
        created_at: the time.
    """

    text: str
    about: str
    picture: str
    is_by_operator: bool
    device: Device
    ip_address: str | None
    created_at: datetime


def shown_event(entry: AuditEntry, language: str) -> ShownEvent:
    """Return what a page in this language shows of an event."""
    return ShownEvent(
        text=translations(language).gettext(text_of_event(entry.action, entry.details)),
        about=_about(entry),
        picture=picture_of_event(entry.action),
        is_by_operator=seen_as(entry.actor, entry.action) in ("operator", "administrator", "service"),
        device=device_of(entry.user_agent, language),
        ip_address=entry.ip_address,
        created_at=entry.created_at,
    )


def _about(entry: AuditEntry) -> str:
    """Return the name of what an event concerns besides the account."""
    kind, _, name = (entry.resource or "").partition(":")
    return str(entry.details.get("application") or entry.details.get("provider") or (name if kind == "role" else ""))
