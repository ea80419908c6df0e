"""Recognize requests that another website made a browser send (CWE-352, ASVS V3.5.1).

Browsers set the headers that decide here, and scripts cannot change them (Fetch standard §2.2.2, Fetch Metadata Request
Headers §2.3). So forms need no token, which could expire.
"""

from collections.abc import Iterable
from typing import Final

CROSS_SITE: Final = "cross_site"
ORIGIN_NOT_ALLOWED: Final = "origin_not_allowed"
ORIGIN_MISSING: Final = "origin_missing"


def cross_site_rule(headers: Iterable[tuple[bytes, bytes]], own_origin: str) -> str | None:
    """Return the rule by which a request is refused, or None if a page of this server sent it.

    `Sec-Fetch-Site` decides if the request has it, because the browser compared the origins itself; otherwise `Origin`
    decides, which older browsers send. The origin `null` is that of sandboxed frames and of local files, among others.

    Args:
        headers: the lines of the header, with names in lower case.
        own_origin: the origin of this server's pages.
    """
    lines = list(headers)
    sites = [value for name, value in lines if name == b"sec-fetch-site"]
    origins = [value for name, value in lines if name == b"origin"]
    if len(origins) > 1:
        return ORIGIN_NOT_ALLOWED
    if sites:
        return None if sites == [b"same-origin"] else CROSS_SITE
    if origins:
        return None if origins == [own_origin.encode()] else ORIGIN_NOT_ALLOWED
    return ORIGIN_MISSING
