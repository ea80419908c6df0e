"""Liveness and readiness, as a load balancer sees them."""

import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db import migrations
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.sqlite import PooledSQLiteEngine
from auth_api.piccolo_app import APP_NAME
from auth_api.services import Services
from tests.conftest import OtherAppFactory
from tests.support.postgres import create_database, drop_database
from tests.support.statements import recorded

CLOSED = {service: {"state": "closed", "failures": 0, "retry_after": 0} for service in ("database", "mail")}


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


async def test_liveness_is_ok_without_a_database_query(client: httpx.AsyncClient, services: Services) -> None:
    with recorded(services.core.database.engine) as statements:
        response = await client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert statements == []


async def test_readiness_is_ok(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok"},
        "circuit_breakers": CLOSED,
    }


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_probes_support_head(client: httpx.AsyncClient, path: str) -> None:
    response = await client.head(path)

    assert (response.status_code, response.content) == (200, b"")


@pytest.fixture
async def own_database(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database that the test may delete."""
    if engine == "sqlite":
        (tmp_path / "own").mkdir()
        yield f"sqlite:///{tmp_path / 'own' / 'auth.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"auth_api_probed_{os.getpid()}"
    yield await create_database(server, name)
    await drop_database(server, name)


async def delete_database(own_database: str, services: Services) -> None:
    """Delete the database of a running application."""
    engine = services.core.database.engine
    if isinstance(engine, PooledSQLiteEngine):
        await engine.close_connection_pool()  # open files would survive the deletion of their folder
        shutil.rmtree(Path(engine.path).parent)
    else:
        server, _, name = own_database.rpartition("/")
        await drop_database(f"{server}/postgres", name)


async def test_application_without_a_database_starts_and_is_not_ready(
    app_with: OtherAppFactory, engine: str, own_database: str
) -> None:
    url = own_database if engine == "sqlite" else f"postgresql://unknown@127.0.0.1:{closed_port()}/nothing"

    async with app_with(DATABASE_URL=url) as other:
        if engine == "sqlite":
            await delete_database(own_database, other.services)
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


async def test_application_is_ready_only_after_its_migrations(app_with: OtherAppFactory, own_database: str) -> None:
    async with app_with(DATABASE_URL=own_database) as other:
        before = await other.client.get("/health/ready")
        await migrations.migrate(other.services.core.database.engine, APP_NAME)
        after = await other.client.get("/health/ready")

    assert (before.status_code, before.json()["status"]) == (503, "unavailable")
    assert before.json()["checks"] == {"database": "ok", "migrations": "pending"}
    assert (after.status_code, after.json()["status"]) == (200, "ready")


async def test_readiness_fails_when_the_database_is_lost(app_with: OtherAppFactory, own_database: str) -> None:
    async with app_with(DATABASE_URL=own_database) as other:
        await migrations.migrate(other.services.core.database.engine, APP_NAME)
        before = await other.client.get("/health/ready")
        await delete_database(own_database, other.services)
        after = await other.client.get("/health/ready")

    assert (before.status_code, after.status_code) == (200, 503)
    assert after.json()["checks"] == {"database": "unavailable", "migrations": "unknown"}


async def test_readiness_shows_an_open_breaker_although_the_database_responds(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_api.kit.breaker.probe.PROBE_SECONDS", 3600.0)
    breakers.get(SERVICE).open()

    response = (await client.get("/health/ready")).json()

    assert response["checks"] == {"database": "ok", "migrations": "ok"}
    breaker = response["circuit_breakers"]["database"]
    assert breaker == {"state": "open", "failures": 0, "retry_after": breaker["retry_after"]}
    assert breaker["retry_after"] in {0, 1}
