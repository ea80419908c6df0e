"""Conditional requests (RFC 9110 §13): a client that has the current representation gets 304 without a body."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar.types import HTTPResponseStartEvent

_KEPT_HEADERS: Final = frozenset({b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"})
"""Headers of the 200 that a 304 must repeat (RFC 9110 §15.4.5). Headers about the body are left out."""


def not_modified(request: Mapping[bytes, bytes], message: Any) -> HTTPResponseStartEvent | None:
    """Return the start of a 304 response if the client has the current representation, else None.

    Args:
        request: headers of a GET request.
        message: the start of the response to it.
    """
    if_none_match = request.get(b"if-none-match")
    if if_none_match is None or message["status"] != HTTPStatus.OK:
        return None
    headers = [(name.lower(), value) for name, value in message["headers"]]
    etag = dict(headers).get(b"etag")
    if etag is None or _opaque_tag(etag) not in map(_opaque_tag, if_none_match.split(b",")):
        return None
    kept = [(name, value) for name, value in headers if name in _KEPT_HEADERS]
    return {"type": "http.response.start", "status": HTTPStatus.NOT_MODIFIED.value, "headers": kept}


def _opaque_tag(etag: bytes) -> bytes:
    """Return an entity tag for weak comparison (RFC 9110 §8.8.3.2)."""
    return etag.strip().removeprefix(b"W/")
