"""Check which pages this server has, and the logo on them."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from auth_api.doctor.findings import Finding, note, ok
from auth_api.settings import Settings

_FIX: Final = "If people should log in here, set HOSTED_PAGES=true; PUBLIC_URL must have no path."


def check_pages(settings: Settings) -> Iterator[Finding]:
    """Report whether people can log in on pages of this server, or why not, and where the logo comes from."""
    if settings.pages.is_hosted:
        yield ok("pages", f"People log in at {settings.http.public_url}/account/login.")
    else:
        yield note("pages", f"This server has no pages to log in: {_reason(settings)}.", _FIX)
    logo = settings.pages.logo
    if logo is not None:
        source = f"Browsers load it from {logo.origin}" if logo.url else f"It is a file, {logo.media_type}"
        yield ok("pages.logo", f"The pages have a logo. {source}.")


def _reason(settings: Settings) -> str:
    if urlsplit(settings.http.public_url).path:
        return "PUBLIC_URL has a path, and the pages need their own host"
    if settings.mail.frontend_url != settings.http.public_url:
        return "FRONTEND_URL is another server"
    return "HOSTED_PAGES=false"
