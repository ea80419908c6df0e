"""What a developer sees of the mails in the folder."""

import asyncio
import re
from urllib.parse import urlsplit

from auth_api.kit.errors import NotFoundException
from auth_api.kit.mail.mail_files import MailFile, read_mail_files
from auth_api.kit.mail.policy import MailPolicy
from auth_api.web.pages.texts import rendered


class DevelopmentMailbox:
    """Shows the folder of a policy that has one.

    Args:
        policy: how mail leaves.
        base: what addresses of pages begin with, behind the host.
    """

    def __init__(self, policy: MailPolicy, *, base: str) -> None:
        self._policy = policy
        self._base = base

    async def page(self) -> str:
        """Return all mails, newest first, with the links of the journeys as links."""
        links = self._policy.frontend_url + "/"
        link = re.compile(rf"({re.escape(links)}\S+)")
        return rendered(
            "mailbox.html",
            product=self._policy.product,
            base=self._base,
            folder=self._policy.folder,
            mails=await self._mails(),
            pieces=link.split,
            links=links,
        )

    async def html_of(self, name: str) -> str:
        """Return the HTML part of a mail as it was sent.

        Raises:
            NotFoundException: there is no mail of this name.
        """
        for mail in await self._mails():
            if mail.name == name:
                return mail.html
        raise NotFoundException

    async def _mails(self) -> list[MailFile]:
        return await asyncio.to_thread(read_mail_files, self._policy.folder or "")


def base_of(url: str) -> str:
    """Return the path that all addresses below a URL begin with: empty, or one without a slash at its end."""
    return urlsplit(url).path.rstrip("/")
