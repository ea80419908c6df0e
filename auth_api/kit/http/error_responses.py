"""Error responses of the edge: a problem document, or a page for a person who opened a URL in a browser."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from auth_api.kit.clock import Clock
from auth_api.kit.errors import ApplicationException, MethodNotAllowedException
from auth_api.kit.http.accept import prefers_html, prefers_json
from auth_api.kit.http.problems import problem_events, problem_of

_PATHS_WITHOUT_PAGES: Final = ("/api", "/health/", "/.well-known/")
_ACCOUNT_PAGES: Final = "/account"
_VISITED: Final = re.compile(r"/api/auth/providers/[^/]+/(?:start|callback)/?")
"""Paths of the API that browsers visit on their way to a provider and back."""

Headers = Mapping[bytes, bytes]

RenderErrorPage = Callable[[ApplicationException, Headers, str, str], str]
"""Returns the page of an error, given the headers, the id and the path of the request."""


class ErrorResponses:
    """Builds error responses.

    Args:
        clock: for the timestamps of problem documents.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        render: returns the page of an error; None to send no pages.
    """

    def __init__(self, *, clock: Clock, base: str = "", render: RenderErrorPage | None = None) -> None:
        self._clock = clock
        self._base = base
        self._render = render

    def have_pages(self, route_path: str) -> bool:
        """Return whether browsers get errors of this path as pages, and not only as documents for programs."""
        has_pages = not route_path.startswith(_PATHS_WITHOUT_PAGES) or _VISITED.fullmatch(route_path) is not None
        return self._render is not None and has_pages

    def page_of(self, error: ApplicationException, request: Headers, *, request_id: str, route_path: str) -> str | None:
        """Return the page to send instead of a problem document, or None if the client gets the document.

        Where people go, the default is the page; elsewhere it is the document.
        """
        if self._render is None or not self.have_pages(route_path):
            return None
        accept = request.get(b"accept", b"").decode("latin-1")
        wants_page = not prefers_json(accept) if _is_for_people(route_path) else prefers_html(accept)
        return self._render(error, request, request_id, route_path) if wants_page else None

    def events(
        self, error: ApplicationException, request: Headers, *, request_id: str, route_path: str, allow: str
    ) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent, bool]:
        """Return the two ASGI messages of an error response, and whether it is a page.

        Args:
            error: the error.
            request: the headers of the request.
            request_id: the id of the request.
            route_path: the path of the request.
            allow: the header `Allow`, for a 405; empty if there is none.
        """
        headers = {"allow": allow} if allow and isinstance(error, MethodNotAllowedException) else {}
        if self.have_pages(route_path):
            headers["vary"] = "Accept"
        problem = problem_of(error, at=self._clock(), request_id=request_id, base=self._base)
        page = self.page_of(error, request, request_id=request_id, route_path=route_path)
        if page is not None:
            headers["x-error-code"] = error.error_code
        return *problem_events(problem, {**headers, **error.headers}, page=page), page is not None


def _is_for_people(route_path: str) -> bool:
    is_page = route_path == _ACCOUNT_PAGES or route_path.startswith(f"{_ACCOUNT_PAGES}/")
    return is_page or _VISITED.fullmatch(route_path) is not None
