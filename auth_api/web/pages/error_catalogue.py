"""What the `type` of every error leads to, made once: nothing in it depends on who asks.

Pages are made when they are asked for. Forty of them, and what makes them, are a twentieth of the time to start.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby

import msgspec

from auth_api.kit.errors import ApplicationException, NotFoundException
from auth_api.web.pages.schemas import ErrorDescription, ErrorDescriptionList, description_of
from auth_api.web.pages.static_file import StaticFile, static_file
from auth_api.web.pages.texts import rendered


class ErrorCatalogue:
    """Every error as a page for people and as a document for programs, and a list of them as both.

    Args:
        kinds: the errors there are, by status and code.
        product: the name that stands on the pages.
        base: what their addresses begin with, behind the host.
    """

    def __init__(self, kinds: Sequence[type[ApplicationException]], *, product: str, base: str) -> None:
        described = [description_of(kind, base=base) for kind in kinds]
        by_status = [list(same) for _, same in groupby(described, key=lambda error: error.status)]
        self._list = _Forms(
            document=ErrorDescriptionList(items=described),
            page=partial(rendered, "errors.html", product=product, base=base, errors=by_status),
        )
        self._errors: Mapping[str, _Forms] = {
            error.error_code: _Forms(document=error, page=partial(_page_of, error, product=product, base=base))
            for error in described
        }

    def everything(self, *, as_page: bool) -> StaticFile:
        """Return the list."""
        return self._list.chosen(as_page=as_page)

    def find(self, code: str, *, as_page: bool) -> StaticFile:
        """Return one error.

        Raises:
            NotFoundException: no error has this code.
        """
        if code not in self._errors:
            raise NotFoundException
        return self._errors[code].chosen(as_page=as_page)


class _Forms:
    def __init__(self, *, document: ErrorDescription | ErrorDescriptionList, page: Callable[[], str]) -> None:
        self._document = static_file(msgspec.json.encode(document), "application/json")
        self._write_page = page

    @cached_property
    def _page(self) -> StaticFile:
        return static_file(self._write_page().encode(), "text/html")

    def chosen(self, *, as_page: bool) -> StaticFile:
        return self._page if as_page else self._document


def _page_of(error: ErrorDescription, *, product: str, base: str) -> str:
    example = msgspec.json.format(msgspec.json.encode(error.example), indent=2).decode()
    return rendered("error.html", product=product, base=base, error=error, example=example)
