"""Manifest of the pages for people."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest, all_errors
from auth_api.settings import Settings
from auth_api.web.frame.base_path import base_path
from auth_api.web.pages.controllers import (
    AccountPageController,
    ErrorController,
    HomeController,
    MailboxController,
)
from auth_api.web.pages.error_catalogue import ErrorCatalogue
from auth_api.web.pages.mailbox import DevelopmentMailbox
from auth_api.web.pages.service import AccountPages, HomePage


def build(core: Core, settings: Settings) -> Feature:
    """Build the account pages, unless a frontend has them, the error catalogue, and the pages for development."""
    product, base = settings.mail.product, base_path(settings.http.public_url)
    links_lead_here = core.outbox.is_on and settings.mail.frontend_url == settings.http.public_url
    keeps_mail_in_folder = settings.mail.folder is not None
    account_pages = AccountPages(
        product=product,
        base=base,
        home=settings.pages.links.home,
        rules=settings.passwords,
        paths=core.outbox.link_paths,
    )
    home_page = HomePage(
        product=product, base=base, has_docs=settings.http.docs_enabled, has_mailbox=keeps_mail_in_folder
    )
    return Feature(
        controllers=(
            ErrorController,
            *(() if settings.is_production else (HomeController,)),
            *((AccountPageController,) if links_lead_here else ()),
            *((MailboxController,) if keeps_mail_in_folder else ()),
        ),
        dependencies={
            "account_pages": account_pages,
            "home_page": home_page,
            "error_catalogue": ErrorCatalogue(all_errors(core.manifests), product=product, base=base),
            "development_mailbox": DevelopmentMailbox(settings.mail, base=base),
        },
    )


MANIFEST: Final = Manifest(build=build)
