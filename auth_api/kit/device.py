"""Short names of devices, by which users recognize their sessions."""

from typing import Final

# The first match counts: most browsers also name other browsers that they are compatible with.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
MAX_PRODUCT_CHARACTERS: Final = 40


def browser_and_system(user_agent: str | None) -> tuple[str | None, str | None]:
    """Return the names of the browser and of its operating system, each None if it is not in this module."""
    browser = next((name for token, name in _BROWSERS if token in (user_agent or "")), None)
    system = next((name for token, name in _SYSTEMS if token in (user_agent or "")), None)
    return browser, system


def first_product(user_agent: str | None) -> str | None:
    """Return the first product of the header `User-Agent` without its version, for programs other than browsers."""
    return (user_agent or "").split("/")[0].split(" ")[0][:MAX_PRODUCT_CHARACTERS] or None


def known_device(user_agent: str | None) -> str | None:
    """Return a name such as `Firefox on Linux`, made of the names in this module only; None for other programs."""
    browser, system = browser_and_system(user_agent)
    return f"{browser} on {system}" if browser and system else browser or system


def device_label(user_agent: str | None) -> str:
    """Return a name such as `Firefox on Linux`, or the first product of the User-Agent header, or `Unknown device`."""
    return known_device(user_agent) or first_product(user_agent) or "Unknown device"
