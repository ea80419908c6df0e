"""Dependency injection by resolve_directly."""

import asyncio
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get
from litestar.di import Provide
from litestar.routes import HTTPRoute

from auth_api.kit.http.dependencies import Injected, provide, resolve_directly

pytestmark = pytest.mark.engine_independent


async def test_dependencies_are_resolved_in_order_in_the_task_of_the_request() -> None:
    tasks: list[object] = []

    async def record_task(first: Injected[str]) -> str:
        tasks.append(asyncio.current_task())
        return f"after {first}"

    async def record_task_too(first: Injected[str]) -> str:
        return await record_task(first)

    @get("/")
    async def handler(last: Injected[str], other: Injected[str], first: Injected[str]) -> list[str]:
        return [last, other, first]

    dependencies = {"last": Provide(record_task), "other": Provide(record_task_too), "first": provide("first")}
    app: Any = Litestar([handler], dependencies=dependencies, openapi_config=None, logging_config=None)
    resolve_directly(app)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get("/")

    assert response.json() == ["after first", "after first", "first"]
    assert tasks == [asyncio.current_task()] * 2


async def test_plain_dependencies_bypass_litestar() -> None:
    """Litestar has nothing to validate, to await or to clean up for them."""

    @get("/")
    async def handler(path: Injected[str], once: Injected[str], constant: Injected[str]) -> list[str]:
        return [path, once, constant]

    def path(request: Request[Any, Any, Any]) -> str:
        return request.url.path

    dependencies = {
        "path": Provide(path, sync_to_thread=False),
        "once": Provide(lambda: "again", sync_to_thread=False),
        "constant": provide("constant"),
    }
    app: Any = Litestar([handler], dependencies=dependencies, openapi_config=None, logging_config=None)
    resolve_directly(app)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get("/")

    (route,) = (route for route in app.routes if isinstance(route, HTTPRoute))
    assert response.json() == ["/", "again", "constant"]
    assert route.route_handler_map["GET"][1].dependency_batches == []


async def test_dependency_with_cleanup_is_left_to_litestar() -> None:
    closed: list[str] = []

    def opened() -> Any:
        yield "open"
        closed.append("closed")

    @get("/")
    async def handler(opened: Injected[str]) -> str:
        assert not closed
        return opened

    dependencies = {"opened": Provide(opened)}
    app: Any = Litestar([handler], dependencies=dependencies, openapi_config=None, logging_config=None)
    resolve_directly(app)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get("/")

    assert (response.text, closed) == ("open", ["closed"])
