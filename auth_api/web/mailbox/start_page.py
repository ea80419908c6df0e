"""The start page in development, with links to what a developer needs first."""

from collections.abc import Collection
from typing import Final, NamedTuple

from auth_api.web.frame.brand import Brand
from auth_api.web.frame.journey import ACCOUNT
from auth_api.web.frame.renderer import render_document


class _Link(NamedTuple):
    page: str
    href: str
    name: str
    text: str


_LINKS: Final = (
    _Link("register", f"{ACCOUNT}/register", "Register", "Create an account."),
    _Link("login", f"{ACCOUNT}/login", "Log in", "Log in with an account."),
    _Link("account", ACCOUNT, "Account", "Change your own account, its password and its second factors."),
)
"""The pages for people that a developer may want to try."""


class StartPage:
    """Renders the start page.

    Args:
        brand: the name, logo and links on the page.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        has_docs: whether Swagger UI and ReDoc are served.
        has_mailbox: whether mail is written into a folder.
    """

    def __init__(self, *, brand: Brand, base: str, has_docs: bool, has_mailbox: bool) -> None:
        self._brand = brand
        self._base = base
        self._has_docs = has_docs
        self._has_mailbox = has_mailbox

    def render(self, pages: Collection[str]) -> str:
        """Return the page.

        Args:
            pages: the pages for people, by their paths below `/account/`.
        """
        return render_document(
            "mailbox/start.html",
            brand=self._brand,
            base=self._base,
            page="start",
            links=[link for link in _LINKS if link.page in pages],
            has_docs=self._has_docs,
            has_mailbox=self._has_mailbox,
        )
