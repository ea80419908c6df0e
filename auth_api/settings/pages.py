"""Settings of the pages."""

from urllib.parse import urlsplit

import msgspec

from auth_api.settings.reader import Reader
from auth_api.web.frame.policy import EXAMPLE_LINKS, PagePolicy


def read_pages(read: Reader, *, public_url: str, frontend_url: str) -> PagePolicy:
    """Read which pages there are and how they look; without `home` they lead back to a frontend elsewhere."""
    has_path = bool(urlsplit(public_url).path)
    policy = read.build(PagePolicy, {"is_hosted": frontend_url == public_url and not has_path})
    if policy.is_hosted and has_path and not read.has_problem("HOSTED_PAGES"):
        read.problem(
            "HOSTED_PAGES", "cannot be true, because PUBLIC_URL has a path: pages need their own host", "false"
        )
    urls = msgspec.structs.astuple(policy.links)
    if read.is_production and any(url is not None and url.startswith("http:") for url in urls):
        read.problem("BRAND_LINKS", "must have https URLs in production", EXAMPLE_LINKS)
    if policy.links.home is not None or frontend_url == public_url:
        return policy
    links = msgspec.structs.replace(policy.links, home=frontend_url)
    return msgspec.structs.replace(policy, links=links)
