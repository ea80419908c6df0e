"""Manifest of the pages of the links in mails."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.base_path import base_path
from auth_api.web.pages.controllers import AccountPageController
from auth_api.web.pages.service import AccountPages


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages, unless a frontend has them."""
    if not core.outbox.is_on or settings.mail.frontend_url != settings.http.public_url:
        return Feature()
    account_pages = AccountPages(
        product=settings.mail.product,
        base=base_path(settings.http.public_url),
        home=settings.pages.links.home,
        rules=settings.passwords,
        paths=core.outbox.link_paths,
    )
    return Feature(controllers=(AccountPageController,), dependencies={"account_pages": account_pages})


MANIFEST: Final = Manifest(build=build)
