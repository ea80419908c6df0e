"""Manifest of the pages for developers."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.base_path import base_path
from auth_api.web.frame.brand import Brand
from auth_api.web.mailbox.controllers import MailboxController, StartPageController
from auth_api.web.mailbox.mailbox import DevelopmentMailbox
from auth_api.web.mailbox.start_page import StartPage


def build(_core: Core, settings: Settings) -> Feature:
    """Build the start page, except in production, and the mailbox if mail is written into a folder."""
    base = base_path(settings.http.public_url)
    brand = Brand.of(settings.pages, product=settings.mail.product, base=base)
    keeps_mail_in_folder = settings.mail.folder is not None
    return Feature(
        controllers=(
            *(() if settings.is_production else (StartPageController,)),
            *((MailboxController,) if keeps_mail_in_folder else ()),
        ),
        dependencies={
            "start_page": StartPage(
                brand=brand, base=base, has_docs=settings.http.docs_enabled, has_mailbox=keeps_mail_in_folder
            ),
            "development_mailbox": DevelopmentMailbox(settings.mail, brand=brand, base=base),
        },
    )


MANIFEST: Final = Manifest(build=build)
