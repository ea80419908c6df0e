"""An outage of auth_api does not end sessions."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import asyncpg
import pytest

from auth_api_sdk import SignedOut, Unavailable
from tests.sdk.python.fake_server import settled
from tests.sdk.python.real_server import connected
from tests.support.deployment import Deployment

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _waits(waits: list[float]) -> None:
    """Clients do not wait before they try again."""


@asynccontextmanager
async def locked_sessions(deployment: Deployment) -> AsyncIterator[None]:
    """Hold a lock that no refresh gets, so that the database does not answer in time."""
    if deployment.database_url.startswith("sqlite"):
        path = deployment.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        return
    remote = await asyncpg.connect(deployment.database_url)
    try:
        async with remote.transaction():
            await remote.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await remote.close()


async def unavailable(session: Any) -> Unavailable:
    """Return the error of a refresh."""
    with pytest.raises(Unavailable) as caught:
        await settled(session.access_token(min_seconds=9999))
    assert not isinstance(caught.value, SignedOut)
    return caught.value


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_outage_of_the_database_keeps_the_session(deployment: Deployment, kind: str) -> None:
    with deployment.server(DATABASE_STATEMENT_TIMEOUT="0.2") as server:
        async with connected(kind, deployment, server) as clients:
            _, session, store = await clients.log_in()
            before = store.load()
            async with locked_sessions(deployment):
                error = await unavailable(session)
            assert error.status == 503
            assert error.code in {"DATABASE_UNAVAILABLE", "CIRCUIT_BREAKER_OPEN", "SERVER_OVERLOADED"}
            assert store.load() == before


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_restart_of_the_server_keeps_the_session(deployment: Deployment, kind: str) -> None:
    with deployment.server() as server:
        async with connected(kind, deployment, server) as clients:
            name, session, store = await clients.log_in()
            before = store.load()
            server.kill()
            assert (await unavailable(session)).code == "OFFLINE"
            assert store.load() == before
            server.start()
            await settled(session.access_token(min_seconds=9999))
            assert (await settled(session.call(clients.client.profile))).username == name
