"""Settings of the pages."""

from auth_api.settings.reader import Reader
from auth_api.web.pages.policy import EXAMPLE_LINKS, BrandLinks, PagePolicy


def read_pages(read: Reader, *, public_url: str, frontend_url: str) -> PagePolicy:
    """Read the links of the pages; without `home` they lead back to a frontend elsewhere."""
    policy = read.build(PagePolicy)
    home = policy.links.home
    if home is None and frontend_url != public_url:
        return PagePolicy(links=BrandLinks(home=frontend_url))
    if read.is_production and home is not None and not home.startswith("https://"):
        read.problem("BRAND_LINKS", "must have https URLs in production", EXAMPLE_LINKS)
    return policy
