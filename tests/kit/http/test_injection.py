"""How handlers get what they need."""

import asyncio
from typing import Any

import httpx
from litestar import Litestar, get
from litestar.di import Provide

from auth_api.kit.http.injection import Injected, provide, resolve_in_turn


async def test_dependencies_are_resolved_in_turn_and_in_the_request_s_own_task() -> None:
    tasks: list[object] = []

    async def noting(first: Injected[str]) -> str:
        tasks.append(asyncio.current_task())
        return f"behind {first}"

    async def noting_too(first: Injected[str]) -> str:
        return await noting(first)

    @get("/")
    async def handler(last: Injected[str], other: Injected[str], first: Injected[str]) -> list[str]:
        return [last, other, first]

    dependencies = {"last": Provide(noting), "other": Provide(noting_too), "first": provide("first")}
    app: Any = Litestar([handler], dependencies=dependencies, openapi_config=None, logging_config=None)
    resolve_in_turn(app)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get("/")

    assert response.json() == ["behind first", "behind first", "first"]
    assert tasks == [asyncio.current_task()] * 2
