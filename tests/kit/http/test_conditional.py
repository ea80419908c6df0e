from http import HTTPStatus
from typing import Any

import pytest

from auth_api.kit.http.conditional import not_modified

pytestmark = pytest.mark.engine_independent

ETAG = b'"v1"'


def response_start(status: int = 200, etag: bytes | None = ETAG) -> dict[str, Any]:
    headers = [(b"Content-Type", b"text/css"), (b"Content-Length", b"9"), (b"Vary", b"Accept")]
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [*headers, *([(b"ETag", etag)] if etag is not None else [])],
    }


@pytest.mark.parametrize("if_none_match", [ETAG, b'W/"v1"', b'"v0", "v1"', b'"v0" ,W/"v1"'])
@pytest.mark.parametrize("etag", [ETAG, b'W/"v1"'], ids=["strong", "weak"])
def test_client_with_the_current_representation_gets_304_without_headers_of_the_body(
    if_none_match: bytes, etag: bytes
) -> None:
    unchanged: Any = not_modified({b"if-none-match": if_none_match}, response_start(etag=etag))

    assert unchanged["status"] == HTTPStatus.NOT_MODIFIED
    assert unchanged["headers"] == [(b"vary", b"Accept"), (b"etag", etag)]


@pytest.mark.parametrize("if_none_match", [None, b"", b"v1", b'"v"', b'"v11"', b'"v1', b"\xff", b"*"])
def test_client_without_the_current_representation_gets_it(if_none_match: bytes | None) -> None:
    headers = {} if if_none_match is None else {b"if-none-match": if_none_match}

    assert not_modified(headers, response_start()) is None


@pytest.mark.parametrize("response", [response_start(status=404), response_start(etag=None)], ids=["404", "no ETag"])
def test_response_without_etag_or_with_an_error_is_sent_whole(response: dict[str, Any]) -> None:
    assert not_modified({b"if-none-match": ETAG}, response) is None
