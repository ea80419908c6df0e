"""Error responses of the edge: a problem document, or a page for a person who opened a URL in a browser."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from auth_api.kit.errors import ApplicationException, MethodNotAllowedException
from auth_api.kit.http.accept import prefers_html, prefers_json
from auth_api.kit.http.error_documents import ErrorDocuments
from auth_api.kit.http.oauth_errors import OAuthException
from auth_api.kit.http.oauth_paths import OAUTH_PAGES, OAUTH_PREFIX

_PATHS_WITHOUT_PAGES: Final = ("/api", "/health/", "/.well-known/", OAUTH_PREFIX)
_ACCOUNT_PAGES: Final = "/account"
_VISITED: Final = re.compile(r"/api/auth/providers/[^/]+/(?:start|callback)/?")
"""Paths of the API that browsers visit on their way to a provider and back."""

Headers = Mapping[bytes, bytes]

RenderErrorPage = Callable[[ApplicationException, Headers, str, str], str]
"""Returns the page of an error, given the headers, the id and the path of the request."""


class ErrorResponses:
    """Builds error responses.

    Args:
        documents: builds the bodies for programs.
        render: returns the page of an error; None to send no pages.
    """

    def __init__(self, *, documents: ErrorDocuments, render: RenderErrorPage | None = None) -> None:
        self._documents = documents
        self._render = render

    def have_pages(self, route_path: str) -> bool:
        """Return whether browsers get errors of this path as pages, and not only as documents for programs."""
        has_pages = not route_path.startswith(_PATHS_WITHOUT_PAGES) or _is_visited(route_path)
        return self._render is not None and has_pages

    def page_of(self, error: ApplicationException, request: Headers, *, request_id: str, route_path: str) -> str | None:
        """Return the page to send instead of the document for programs, or None if the client gets the document.

        Where people go, the default is the page; elsewhere it is the document.
        """
        if self._render is None or isinstance(error, OAuthException) or not self.have_pages(route_path):
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
        page = self.page_of(error, request, request_id=request_id, route_path=route_path)
        if page is not None:
            headers["x-error-code"] = error.error_code
            return *_events(error, page.encode(), "text/html; charset=utf-8", {**headers, **error.headers}), True
        document = self._documents.document_of(error, request_id=request_id, route_path=route_path)
        body = msgspec.json.encode(document.content)
        return *_events(error, body, document.media_type, {**headers, **document.headers}), False


def _is_for_people(route_path: str) -> bool:
    is_page = route_path == _ACCOUNT_PAGES or route_path.startswith(f"{_ACCOUNT_PAGES}/")
    return is_page or _is_visited(route_path)


def _is_visited(route_path: str) -> bool:
    return route_path in OAUTH_PAGES or _VISITED.fullmatch(route_path) is not None


def _events(
    error: ApplicationException, body: bytes, media_type: str, headers: Mapping[str, str]
) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    lines += [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    return (
        {"type": "http.response.start", "status": int(error.status), "headers": lines},
        {"type": "http.response.body", "body": body, "more_body": False},
    )
