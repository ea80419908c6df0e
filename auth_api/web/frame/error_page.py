"""The page of an error that no form shows, for a person who opened or sent something in a browser."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.error_responses import Headers
from auth_api.kit.http.request_metadata import accepted_languages
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.error_texts import sentence_of
from auth_api.web.frame.journey import ACCOUNT
from auth_api.web.frame.languages import choose_language
from auth_api.web.frame.redirects import page_of_form
from auth_api.web.frame.renderer import render_document

_NOT_REPEATED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


class ShownError(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of an error. `fields` are the known parameters that are invalid, as developers call them."""

    error_code: str
    status: int
    detail: str
    retry_after: int | None
    request_id: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """Renders the page of any error, without a query: it is also sent while the database fails.

    Attributes:
        brand: the name, logo and links on the pages.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        default_language: for people whose browser accepts no language of the pages.
        pages: the pages that exist, by their paths below `/account/`.
    """

    brand: Brand
    base: str
    default_language: str
    pages: frozenset[str]

    def render(self, error: ApplicationException, request: Headers, request_id: str, route_path: str) -> str:
        """Return the page. It contains no part of the request except its path, which only account pages repeat."""
        language = choose_language(
            asked=None, locale=None, accepted=accepted_languages(request), default=self.default_language
        )
        retry_after = error.headers.get("Retry-After")
        page = page_of_form(route_path, self.pages)
        has_page = page != ACCOUNT or "account" in self.pages
        is_repeated = has_page and route_path.startswith(ACCOUNT) and error.status not in _NOT_REPEATED
        return render_document(
            "problem.html",
            brand=self.brand,
            base=self.base,
            page="error",
            language=language,
            problem=ShownError(
                error_code=error.error_code,
                status=int(error.status),
                detail=sentence_of(error, language),
                retry_after=int(retry_after) if retry_after else None,
                request_id=request_id,
                fields=tuple(each.field for each in error.errors if each.code != "unknown"),
            ),
            try_again=self.base + page if is_repeated else None,
            account=self.base + ACCOUNT if "account" in self.pages and route_path != ACCOUNT else None,
        )
