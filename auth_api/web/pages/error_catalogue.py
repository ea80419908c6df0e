"""The error catalogue, to which the `type` of every error leads.

Documents are built at startup. A page is rendered at its first request, since rendering all of them would take a
twentieth of the time to start.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby

import msgspec

from auth_api.kit.errors import ApplicationException, NotFoundException
from auth_api.web.pages.schemas import ErrorDescription, ErrorDescriptionList, description_of
from auth_api.web.pages.texts import render_page


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
        product: the name shown on the pages.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
    """

    def __init__(self, kinds: Sequence[type[ApplicationException]], *, product: str, base: str) -> None:
        described = [description_of(kind, base=base) for kind in kinds]
        by_status = [list(same) for _, same in groupby(described, key=lambda error: error.status)]
        self._list = _Entry(
            document=ErrorDescriptionList(items=described),
            render=partial(render_page, "errors.html", product=product, base=base, errors=by_status),
        )
        self._entries: Mapping[str, _Entry] = {
            error.error_code: _Entry(document=error, render=partial(_page_of, error, product=product, base=base))
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


def _page_of(error: ErrorDescription, *, product: str, base: str) -> str:
    example = msgspec.json.format(msgspec.json.encode(error.example), indent=2).decode()
    return render_page("error.html", product=product, base=base, error=error, example=example)
