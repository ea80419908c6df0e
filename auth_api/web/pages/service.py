"""Pages that are the same for every visitor: a GET reads nothing and changes nothing."""

from collections.abc import Iterable
from typing import Final

from auth_api.kit.errors import NotFoundException
from auth_api.users.policy import PasswordPolicy
from auth_api.web.pages.texts import render_page


class AccountPages:
    """A page for each path that the links in mails have.

    Args:
        product: the name shown on the pages.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        home: URL of the product, to which the pages lead back; None for no link.
        rules: the rules for a new password.
        paths: the paths of the links in mails.
    """

    def __init__(
        self, *, product: str, base: str, home: str | None, rules: PasswordPolicy, paths: Iterable[str]
    ) -> None:
        self._values: Final = {"product": product, "base": base, "home": home, "rules": rules}
        self._names: Final = frozenset(path.rpartition("/")[2] for path in paths)
        self._pages: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Return a page.

        Raises:
            NotFoundException: no page has this name.
        """
        if name not in self._names:
            raise NotFoundException
        if name not in self._pages:  # render_page on first use: with a frontend elsewhere, pages are never requested
            self._pages[name] = render_page(f"{name.replace('-', '_')}.html", **self._values)
        return self._pages[name]
