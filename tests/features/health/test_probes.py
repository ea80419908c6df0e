"""What a load balancer is told."""

import os
import shutil
import socket
from pathlib import Path

import httpx
import pytest

from auth_api.kit.breaker import breakers
from auth_api.kit.db import migrations
from auth_api.kit.db.database import SERVICE
from auth_api.piccolo_app import APP_NAME
from auth_api.services import Services
from tests.conftest import OtherAppFactory
from tests.support.postgres import create_database, drop_database
from tests.support.statements import recorded

CLOSED = {"database": {"state": "closed", "failures": 0, "retry_after": 0}}


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


async def test_a_living_process_says_so_without_touching_anything(
    client: httpx.AsyncClient, services: Services
) -> None:
    with recorded(services.database.engine) as statements:
        response = await client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert statements == []


async def test_a_process_that_can_work_is_ready(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok"},
        "circuit_breakers": CLOSED,
    }


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_a_probe_may_ask_for_the_head_alone(client: httpx.AsyncClient, path: str) -> None:
    response = await client.head(path)

    assert (response.status_code, response.content) == (200, b"")


async def test_without_a_database_it_lives_and_is_not_ready(
    app_with: OtherAppFactory, engine: str, tmp_path: Path
) -> None:
    folder = tmp_path / "database"
    folder.mkdir()
    url = f"sqlite:///{folder / 'auth.db'}"
    if engine == "postgres":
        url = f"postgresql://nobody@127.0.0.1:{closed_port()}/nothing"

    async with app_with(DATABASE_URL=url) as other:
        if engine == "sqlite":  # whose open files outlive their folder
            await other.services.database.engine.close_connection_pool()
            shutil.rmtree(folder)
        ready = await other.client.get("/health/ready")
        live = await other.client.get("/health/live")

    assert ready.status_code == 503
    assert ready.headers["Content-Type"].startswith("application/json")
    assert ready.json() == {
        "status": "unavailable",
        "checks": {"database": "unavailable", "migrations": "unknown"},
        "circuit_breakers": CLOSED,
    }
    assert live.status_code == 200


async def test_before_its_migrations_it_is_not_ready_and_after_them_it_is(
    request: pytest.FixtureRequest, app_with: OtherAppFactory, engine: str, tmp_path: Path
) -> None:
    url, server, name = f"sqlite:///{tmp_path / 'empty.db'}", "", f"auth_api_not_migrated_{os.getpid()}"
    if engine == "postgres":
        server = request.getfixturevalue("postgres_server")
        url = await create_database(server, name)

    async with app_with(DATABASE_URL=url) as other:
        before = await other.client.get("/health/ready")
        await migrations.migrate(other.services.database.engine, APP_NAME)
        after = await other.client.get("/health/ready")
    if engine == "postgres":
        await drop_database(server, name)

    assert (before.status_code, before.json()["status"]) == (503, "unavailable")
    assert before.json()["checks"] == {"database": "ok", "migrations": "pending"}
    assert (after.status_code, after.json()["status"]) == (200, "ready")


async def test_an_open_breaker_is_shown_beside_a_database_that_is_back(client: httpx.AsyncClient) -> None:
    breakers.get(SERVICE).open()

    answer = (await client.get("/health/ready")).json()

    assert answer["checks"] == {"database": "ok", "migrations": "ok"}
    breaker = answer["circuit_breakers"]["database"]
    assert breaker == {"state": "open", "failures": 0, "retry_after": breaker["retry_after"]}
    assert breaker["retry_after"] in {0, 1}
