"""Parameters of OAuth requests: strict decoding, and the rules of RFC 6749 §3.1 for empty and repeated ones."""

from types import SimpleNamespace
from typing import Any

import pytest
from litestar import Request

from auth_api.kit.errors import ApplicationException, MalformedRequestException, UnsupportedMediaTypeException
from auth_api.kit.http.oauth_errors import InvalidRequestException
from auth_api.oauth.protocol.parameters import Parameters, read_parameters

pytestmark = pytest.mark.engine_independent

FORM = "application/x-www-form-urlencoded"


async def read(*, query: bytes = b"", body: bytes | None = None, content_type: str = FORM) -> Parameters:
    """Read the parameters of a GET with this query, or of a POST if there is a body."""
    headers = [(b"content-type", content_type.encode())] if content_type else []
    scope: Any = {
        "type": "http",
        "method": "GET" if body is None else "POST",
        "path": "/oauth2/authorize",
        "query_string": query,
        "headers": headers,
        "state": {},
        "route_handler": SimpleNamespace(resolve_request_max_body_size=lambda: None),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    return await read_parameters(Request(scope, receive), repeatable=frozenset({"resource"}))


async def test_parameters_are_those_of_the_query_or_of_the_form() -> None:
    encoded = b"scope=openid+profile&state=%C3%A4&state2=&resource=a&resource=b"

    for parameters in (await read(query=encoded), await read(body=encoded, query=b"scope=other&nonce=1")):
        assert parameters.get("scope") == "openid profile"
        assert parameters.get("state") == "ä"
        assert parameters.get("state2") is None
        assert parameters.get("nonce") is None
        assert parameters.all("resource") == ("a", "b")
        assert parameters.get("resource") == "a"
        assert parameters.all("absent") == ()
        assert parameters.repeated == frozenset()


async def test_repeated_parameter_is_refused_only_if_it_is_read() -> None:
    parameters = await read(query=b"scope=a&scope=b&unknown=1&unknown=1&nonce=&nonce=n")

    assert parameters.repeated == {"scope", "unknown"}
    assert parameters.get("nonce") == "n"
    with pytest.raises(InvalidRequestException):
        parameters.get("scope")


async def test_empty_form_needs_no_content_type() -> None:
    assert (await read(body=b"", content_type="")).values == {}


@pytest.mark.parametrize(
    ("encoded", "content_type", "error"),
    [
        (b"a=%zz", FORM, MalformedRequestException),
        (b"a=%ff", FORM, MalformedRequestException),
        (b"a=%00", FORM, MalformedRequestException),
        (b"&".join(b"a%d=1" % number for number in range(65)), FORM, MalformedRequestException),
        (b"a=1", "application/json", UnsupportedMediaTypeException),
        (b"a=1", "", UnsupportedMediaTypeException),
    ],
)
async def test_form_that_cannot_be_decoded_is_refused(
    encoded: bytes, content_type: str, error: type[ApplicationException]
) -> None:
    with pytest.raises(error):
        await read(body=encoded, content_type=content_type)
    if content_type == FORM:
        with pytest.raises(error):
            await read(query=encoded)
