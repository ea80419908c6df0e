"""The error catalogue, to which the `type` of every error leads.

Documents are built at startup. A page is rendered at its first request, since rendering all of them would take a
twentieth of the time to start.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby

import msgspec
from markupsafe import Markup, escape

from auth_api.kit.errors import ApplicationException, NotFoundException
from auth_api.web.errors.schemas import ErrorDescription, ErrorDescriptionList, description_of
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.renderer import render_document


class Representation(msgspec.Struct, frozen=True):
    """One form of a resource, the same for every client until the next version.

    Attributes:
        content: the encoded body.
        media_type: its media type.
    """

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """The entity tag (RFC 9110 §8.8.3)."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class ErrorCatalogue:
    """The description of each error, and the list of all, each as a JSON document and as an HTML page.

    Args:
        kinds: all errors, ordered by status and code.
        brand: the name, logo and links on the pages.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
    """

    def __init__(self, kinds: Sequence[type[ApplicationException]], *, brand: Brand, base: str) -> None:
        described = [description_of(kind, base=base) for kind in kinds]
        by_status = [list(same) for _, same in groupby(described, key=lambda error: error.status)]
        self._list = _Entry(
            document=ErrorDescriptionList(items=described),
            render=partial(_page_of_all, by_status, brand=brand, base=base),
        )
        self._entries: Mapping[str, _Entry] = {
            error.error_code: _Entry(document=error, render=partial(_page_of, error, brand=brand, base=base))
            for error in described
        }

    def list_all(self, *, as_page: bool) -> Representation:
        """Return the list of all errors."""
        return self._list.choose(as_page=as_page)

    def find(self, code: str, *, as_page: bool) -> Representation:
        """Return the description of one error.

        Raises:
            NotFoundException: no error has this code.
        """
        if code not in self._entries:
            raise NotFoundException
        return self._entries[code].choose(as_page=as_page)


class _Entry:
    def __init__(self, *, document: ErrorDescription | ErrorDescriptionList, render: Callable[[], str]) -> None:
        self._document = Representation(msgspec.json.encode(document), "application/json")
        self._render = render

    @cached_property
    def _page(self) -> Representation:
        return Representation(self._render().encode(), "text/html")

    def choose(self, *, as_page: bool) -> Representation:
        return self._page if as_page else self._document


def _page_of(error: ErrorDescription, *, brand: Brand, base: str) -> str:
    example = msgspec.json.format(msgspec.json.encode(error.example), indent=2).decode()
    return render_document(
        "errors/error.html", brand=brand, base=base, page="error-code", error=error, example=example, prose=_prose
    )


def _page_of_all(errors: Sequence[Sequence[ErrorDescription]], *, brand: Brand, base: str) -> str:
    return render_document("errors/errors.html", brand=brand, base=base, page="errors", errors=errors, prose=_prose)


def _prose(text: str) -> Markup:
    """Return a text of the error catalogue with the parts between backticks as `<code>`."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
