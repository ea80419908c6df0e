"""Show the mails that were written into a folder, for developers."""

import asyncio
import re

from auth_api.kit.errors import NotFoundException
from auth_api.kit.mail.mail_files import MailFile, read_mail_files
from auth_api.kit.mail.policy import MailPolicy
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.renderer import render_document


class DevelopmentMailbox:
    """Renders the mails of the folder.

    Args:
        policy: the mail settings, with a folder.
        brand: the name, logo and links on the page.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
    """

    def __init__(self, policy: MailPolicy, *, brand: Brand, base: str) -> None:
        self._policy = policy
        self._brand = brand
        self._base = base

    async def page(self) -> str:
        """Return a page with all mails, newest first. Links to the pages of this server can be clicked."""
        links = self._policy.frontend_url + "/"
        link = re.compile(rf"({re.escape(links)}\S+)")
        return render_document(
            "mailbox/mailbox.html",
            brand=self._brand,
            base=self._base,
            page="mailbox",
            folder=self._policy.folder,
            mails=await self._mails(),
            pieces=link.split,
            links=links,
        )

    async def html_of(self, name: str) -> str:
        """Return the HTML part of a mail.

        Raises:
            NotFoundException: no mail has this name.
        """
        for mail in await self._mails():
            if mail.name == name:
                return mail.html
        raise NotFoundException

    async def _mails(self) -> list[MailFile]:
        return await asyncio.to_thread(read_mail_files, self._policy.folder or "")
