"""Fields whose JSON has a limited number of bytes, as they were sent."""

import json
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from hypothesis import given
from litestar import Litestar, Request, Response, post
from litestar.params import JSONBody

from auth_api.kit.errors import ValidationException
from auth_api.kit.http.json import StrictRequest, oversized_fields
from tests.support.generated_input import FUNCTION_EXAMPLES, cases, json_values

pytestmark = pytest.mark.engine_independent


class Parcel(msgspec.Struct):
    """A struct with an object of at most 20 bytes."""

    name: str
    content: Annotated[dict[str, Any], msgspec.Meta(extra={"max_bytes": 20})] | None = None


@post("/")
async def receive(data: JSONBody[Parcel]) -> dict[str, Any]:
    return msgspec.to_builtins(data)  # type: ignore[no-any-return]


def as_errors(_: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    return Response([[each.field, each.code, each.message] for each in error.errors], status_code=400)


async def sent(body: str) -> Any:
    app: Any = Litestar(
        [receive],
        request_class=StrictRequest,
        exception_handlers={ValidationException: as_errors},
        openapi_config=None,
        logging_config=None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        response = await client.post("/", content=body.encode(), headers={"Content-Type": "application/json"})
    return response.json()


@pytest.mark.parametrize("content", ["{}", '{"a": "1234567890a"}', '{"é":"12345678901"}', "null"])
async def test_field_of_up_to_the_limit_is_accepted(content: str) -> None:
    assert (await sent(f'{{"name": "x", "content": {content}}}'))["content"] == json.loads(content)


@pytest.mark.parametrize(
    "content",
    [
        '{"a": "1234567890ab"}',
        '{"a":              1}',
        '{"a":"\\u0041\\u0041B"}',
        '{"é":"123456789012"}',
        f'"{"x" * 20}"',
    ],
)
async def test_longer_field_is_rejected(content: str) -> None:
    """White space, escapes and the bytes of UTF-8 count."""
    errors = await sent(f'{{"name": "x", "content": {content}}}')

    assert errors == [["content", "too_long", "Must have at most 20 bytes."]]


async def test_all_errors_are_reported_at_once() -> None:
    errors = await sent(f'{{"name": 7, "content": {{"a": "{"x" * 20}"}}, "more": 1}}')

    assert [error[:2] for error in errors] == [["name", "type"], ["content", "too_long"], ["more", "unknown"]]


@pytest.mark.parametrize("content", ["7", "[]", '"text"', "true"])
async def test_other_value_is_not_an_object(content: str) -> None:
    errors = await sent(f'{{"name": "x", "content": {content}}}')

    assert errors == [["content", "type", "Must be an object."]]


async def test_fields_without_a_limit_may_be_longer() -> None:
    assert (await sent(f'{{"name": "{"x" * 1000}"}}'))["name"] == "x" * 1000


@cases(FUNCTION_EXAMPLES)
@given(value=json_values())
def test_size_of_any_value_is_the_size_of_its_json(value: Any) -> None:
    text = json.dumps(value)

    oversized = oversized_fields(f'{{"content":{text}, "name": 1}}'.encode(), Parcel)

    assert oversized == ({"content": 20} if len(text) > 20 else {})
