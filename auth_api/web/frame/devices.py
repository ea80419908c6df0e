"""Devices as the pages show them: a name in the language of the page, and an icon."""

from typing import Final

import msgspec

from auth_api.kit.device import browser_and_system, first_product
from auth_api.web.frame.languages import _, translations

_BROWSER_ON_SYSTEM: Final = _("%(browser)s on %(system)s")
_UNKNOWN: Final = _("Unknown device")

_PHONES: Final = frozenset({"Android", "iPhone"})


class Device(msgspec.Struct, frozen=True):
    """A device.

    Attributes:
        name: such as `Firefox on Linux`. Programs other than browsers state it themselves: it may be any text.
        picture: the icon.
    """

    name: str
    picture: str


def device_of(user_agent: str | None, language: str) -> Device:
    """Return the device that a request came from.

    Args:
        user_agent: the header of the request; None if it had none.
        language: one of `LANGUAGES`.
    """
    browser, system = browser_and_system(user_agent)
    texts = translations(language)
    if browser and system:
        name = texts.gettext(_BROWSER_ON_SYSTEM) % {"browser": browser, "system": system}
    else:
        name = browser or system or first_product(user_agent) or texts.gettext(_UNKNOWN)
    return Device(name, "phone" if system in _PHONES else "screen")
