"""The pages themselves, made once: nothing on them depends on who asks, so a GET needs nothing and changes nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from auth_api.kit.errors import NotFoundException
from auth_api.users.policy import PasswordPolicy
from auth_api.web.pages.static_file import StaticFile, static_file
from auth_api.web.pages.texts import rendered

_ASSETS: Final = Path(__file__).parent / "assets"
_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class AccountPages:
    """A page for every path that a link in a mail can have.

    Args:
        product: the name that stands on them.
        base: what their addresses begin with, behind the host.
        rules: what a new password has to be like.
        paths: of the links in mails.
    """

    def __init__(self, *, product: str, base: str, rules: PasswordPolicy, paths: Iterable[str]) -> None:
        self._values: Final = {"product": product, "base": base, "rules": rules}
        self._names: Final = frozenset(path.rpartition("/")[2] for path in paths)
        self._pages: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Return a page.

        Raises:
            NotFoundException: there is none of this name.
        """
        if name not in self._names:
            raise NotFoundException
        if name not in self._pages:  # made when it is asked for: a server whose frontend is elsewhere shows none
            self._pages[name] = rendered(f"{name.replace('-', '_')}.html", **self._values)
        return self._pages[name]


class StaticFiles:
    """What pages load, from memory: no name that somebody asks for reaches the file system."""

    def __init__(self) -> None:
        self._files = {
            path.name: static_file(path.read_bytes(), _MEDIA_TYPES[path.suffix])
            for path in _ASSETS.iterdir()
            if path.suffix in _MEDIA_TYPES
        }

    def find(self, name: str) -> StaticFile:
        """Return a file.

        Raises:
            NotFoundException: there is none of this name.
        """
        if name not in self._files:
            raise NotFoundException
        return self._files[name]
