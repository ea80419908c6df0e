"""The name, logo and links of the product, as the templates show them."""

from typing import Self

import msgspec

from auth_api.web.frame.page_assets import ASSETS_PATH, LOGO_NAME
from auth_api.web.frame.policy import BrandLinks, PagePolicy


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates show of the product.

    Attributes:
        name: its name.
        logo: URL of its logo; None to show the name.
        links: links to pages of the product.
    """

    name: str
    logo: str | None
    links: BrandLinks

    @classmethod
    def of(cls, policy: PagePolicy, *, product: str, base: str) -> Self:
        """Return the brand of the settings.

        Args:
            policy: the settings of the pages.
            product: the name of the product.
            base: the path that a proxy puts before all paths of this server; empty if there is none.
        """
        own_logo = f"{base}{ASSETS_PATH}/{LOGO_NAME}" if policy.logo else None
        return cls(name=product, logo=(policy.logo and policy.logo.url) or own_logo, links=policy.links)
