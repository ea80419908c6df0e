"""Settings of the pages."""

import json
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec

from auth_api.kit.setting import Setting

EXAMPLE_LINKS: Final = '{"home": "https://app.your-company.com"}'


class BrandLinks(msgspec.Struct, frozen=True):
    """Links on the pages to pages of the product.

    Attributes:
        home: where "Go back" leads; None for no link.
    """

    home: str | None = None


def parse_links(text: str) -> BrandLinks:
    """Return the links of a JSON object; raise a ValueError for any other text."""
    try:
        links = json.loads(text)
    except ValueError:
        links = None
    if not isinstance(links, dict) or not all(isinstance(url, str) for url in links.values()):
        message = "must be a JSON object of URLs"
        raise ValueError(message)
    if links.keys() - {"home"}:
        message = "must have no key except home"
        raise ValueError(message)
    if not all(_is_web_url(url) for url in links.values()):
        message = "must have http or https URLs with a host, without user names and blanks"
        raise ValueError(message)
    return BrandLinks(**links)


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and not {" ", "\\"} & set(url)
    return is_plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


class PagePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The pages for people."""

    links: Annotated[
        BrandLinks,
        Setting(
            "BRAND_LINKS",
            "Links to pages of the product. `home` is where the pages lead back to.",
            parse=parse_links,
            accepts="JSON object with the key `home`, an http or https URL; in production an https URL",
            example=EXAMPLE_LINKS,
            default_text="`FRONTEND_URL` as `home` if it is not `PUBLIC_URL`",
        ),
    ] = BrandLinks()
