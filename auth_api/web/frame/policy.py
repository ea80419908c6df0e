"""Settings of the pages."""

import json
import re
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec

from auth_api.kit.setting import Setting
from auth_api.web.frame.colors import parse_day_accent, parse_night_accent
from auth_api.web.frame.languages import LANGUAGES, SOURCE_LANGUAGE
from auth_api.web.frame.logo import Logo, parse_logo

EXAMPLE_LINKS: Final = '{"home": "https://app.your-company.com", "support": "mailto:support@your-company.com"}'

MAX_NAME_CHARACTERS: Final = 60

_MAIL_ADDRESS: Final = re.compile(r"[^\s@<>\"?&#]+@[^\s@<>\"?&#]+")


class BrandLinks(msgspec.Struct, frozen=True):
    """Links on the pages to pages of the product; None for no link.

    Attributes:
        home: where "Back to …" leads.
        support: for people who cannot log in.
        privacy: how data is used.
        terms: the terms of use.
        imprint: who runs the service.
    """

    home: str | None = None
    support: str | None = None
    privacy: str | None = None
    terms: str | None = None
    imprint: str | None = None


def parse_links(text: str) -> BrandLinks:
    """Return the links of a JSON object; raise a ValueError for any other text."""
    try:
        links = json.loads(text)
    except ValueError:
        links = None
    if not isinstance(links, dict) or not all(isinstance(url, str) for url in links.values()):
        message = "must be a JSON object of URLs"
        raise ValueError(message)
    known = BrandLinks.__struct_fields__
    if links.keys() - set(known):
        message = f"must have no keys except {', '.join(known)}"
        raise ValueError(message)
    if not all(_is_web_url(url) or (name != "home" and _is_mail_url(url)) for name, url in links.items()):
        message = (
            "must have http or https URLs with a host, without user names and blanks, "
            "or mailto: with an e-mail address except for home"
        )
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


def _is_mail_url(url: str) -> bool:
    scheme, _, address = url.partition(":")
    return scheme == "mailto" and url.isascii() and url.isprintable() and _MAIL_ADDRESS.fullmatch(address) is not None


def parse_name(text: str) -> str:
    """Return the name of the product; raise a ValueError if it is too long for a heading."""
    if len(text) > MAX_NAME_CHARACTERS:
        message = f"must have at most {MAX_NAME_CHARACTERS} characters"
        raise ValueError(message)
    return text


class PagePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The pages for people."""

    is_hosted: Annotated[
        bool,
        Setting(
            "HOSTED_PAGES",
            "Whether this server has [pages](pages.md) to log in, to register and to manage an account. They need a "
            "host of their own, since every page of the same origin could act for their users.",
            default_text="`true`, if `FRONTEND_URL` is `PUBLIC_URL` and has no path; otherwise `false`",
        ),
    ] = False
    name: Annotated[
        str,
        Setting(
            "BRAND_NAME",
            "Name of the product on pages, in mails, in authenticator apps and for passkeys.",
            parse=parse_name,
            accepts=f"at most {MAX_NAME_CHARACTERS} characters",
            example="Your Company",
            default_text="name in `MAIL_FROM`, or its domain; `auth_api` without `MAIL_FROM`",
        ),
    ] = ""
    logo: Annotated[
        Logo | None,
        Setting(
            "BRAND_LOGO",
            "Logo on the pages, in place of the name. One file serves day and night.",
            parse=parse_logo,
            accepts="path of an SVG, PNG or WebP file of at most 64 KiB, or an https URL",
            example="./logo.svg",
        ),
    ] = None
    accent: Annotated[
        str,
        Setting(
            "BRAND_ACCENT",
            "Color of links and buttons by day.",
            parse=parse_day_accent,
            accepts="`#rrggbb` with a contrast of at least 4.5 with white",
        ),
    ] = "#1d4ed8"
    night_accent: Annotated[
        str,
        Setting(
            "BRAND_ACCENT_DARK",
            "Color of links and buttons by night, when the browser asks for dark pages.",
            parse=parse_night_accent,
            accepts="`#rrggbb` with a contrast of at least 4.5 with `#161b22`",
        ),
    ] = "#8fb1ff"
    links: Annotated[
        BrandLinks,
        Setting(
            "BRAND_LINKS",
            "Links to pages of the product. `home` is where the pages lead back to; the others are in the foot.",
            parse=parse_links,
            accepts="JSON object with the keys `home`, `support`, `privacy`, `terms`, `imprint`: http or https URLs, "
            "in production https, or `mailto:` except for `home`",
            example=EXAMPLE_LINKS,
            default_text="`FRONTEND_URL` as `home` if it is not `PUBLIC_URL`",
        ),
    ] = BrandLinks()
    default_language: Annotated[
        str,
        Setting(
            "DEFAULT_LANGUAGE",
            "Language of pages and mails for people who prefer none of the available languages.",
            choices=tuple(LANGUAGES),
        ),
    ] = SOURCE_LANGUAGE

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the pages have."""
        return tuple(LANGUAGES)
