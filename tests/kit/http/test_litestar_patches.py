"""Litestar as it is used here."""

from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, get

from auth_api.kit.http.litestar_patches import Application, remember_exception_handlers

pytestmark = pytest.mark.engine_independent


def modules_of_plugins(app: Litestar) -> set[str]:
    return {type(plugin).__module__ for plugin in app.plugins}


def test_no_other_library_s_data_classes_are_loaded() -> None:
    """The one is there to show what the other leaves out."""
    ours, stock = Application(openapi_config=None), Litestar(openapi_config=None)

    left_out = modules_of_plugins(stock) - modules_of_plugins(ours)

    assert left_out
    assert all(name.startswith(("litestar.plugins.pydantic", "litestar.plugins.attrs")) for name in left_out)
    assert not any("pydantic" in name or "attrs" in name for name in modules_of_plugins(ours))


def test_handlers_may_still_take_structs() -> None:
    assert "litestar.plugins.core._msgspec" in modules_of_plugins(Application(openapi_config=None))


async def test_what_answers_a_handler_s_errors_is_gathered_once() -> None:
    def by_the_handler(_: Request[Any, Any, Any], __: Exception) -> Response[str]:
        return Response("the handler's own")

    def by_the_application(_: Request[Any, Any, Any], __: Exception) -> Response[str]:
        return Response("the application's")

    @get("/own", exception_handlers={KeyError: by_the_handler})
    async def broken() -> None:
        raise KeyError

    @get("/common")
    async def broken_as_well() -> None:
        raise KeyError

    app: Any = Application(
        [broken, broken_as_well], exception_handlers={Exception: by_the_application}, openapi_config=None
    )
    remember_exception_handlers(app)
    for route in app.routes:
        route.route_handlers[0].exception_handlers = {}  # too late

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        responses = [(await client.get(path)).text for path in ("/own", "/common")]

    assert responses == ["the handler's own", "the application's"]
