"""Our answers are those that Litestar would have made."""

from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Response, get
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import Cookie, ResponseHeader

from auth_api.kit.http import answers
from auth_api.kit.http.answers import Answer

pytestmark = pytest.mark.engine_independent


class Point(msgspec.Struct):
    """Something to answer with."""

    x: int
    name: str = "Zoë"


class Wave(msgspec.Struct):
    """Something that needs an encoder."""

    phase: complex


noted: list[str] = []


@get("/struct", status_code=202)
async def struct() -> Point:
    return Point(1)


@get("/header", response_headers=[ResponseHeader(name="x-declared", value="yes")])
async def with_header() -> Point:
    return Point(2)


@get("/cookie", response_cookies=[Cookie(key="taste", value="sweet")])
async def with_cookie() -> Point:
    return Point(3)


@get("/own-type", media_type="application/point+json")
async def of_another_type() -> Point:
    return Point(4)


@get("/encoded", type_encoders={complex: str})
async def encoded() -> Wave:
    return Wave(1j)


@get("/background", background=BackgroundTask(noted.append, "done"))
async def with_background() -> Point:
    return Point(8)


@get("/mapping")
async def mapping() -> dict[str, int]:
    return {"x": 5}


@get("/text", media_type="text/plain")
async def text() -> str:
    return "six"


@get("/nothing", status_code=204)
async def nothing() -> None: ...


HANDLERS = {
    "/struct": struct,
    "/header": with_header,
    "/cookie": with_cookie,
    "/own-type": of_another_type,
    "/encoded": encoded,
    "/background": with_background,
    "/mapping": mapping,
    "/text": text,
    "/nothing": nothing,
}


async def answer_of(path: str, response_class: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    app: Any = Litestar(
        list(HANDLERS.values()), response_class=response_class, openapi_config=None, logging_config=None
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get(path)
    return response.status_code, response.headers.multi_items(), response.content


@pytest.mark.parametrize("path", HANDLERS)
async def test_an_answer_is_the_one_that_litestar_would_have_made(path: str) -> None:
    assert await answer_of(path, Answer) == await answer_of(path, Response)


async def test_what_a_route_does_in_the_background_is_done() -> None:
    noted.clear()

    await answer_of("/background", Answer)

    assert noted == ["done"]


async def test_a_struct_is_answered_past_litestar(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    original = answers.JsonDocument.__init__

    def note(document: answers.JsonDocument, body: bytes, status_code: int) -> None:
        made.append(status_code)
        original(document, body, status_code)

    monkeypatch.setattr(answers.JsonDocument, "__init__", note)

    await answer_of("/struct", Answer)
    await answer_of("/header", Answer)

    assert made == [202]
