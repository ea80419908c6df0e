"""Clients of both kinds with a fake server."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.conftest import DeploymentFactory
from tests.sdk.python.fake_server import REFRESH, Subject, pair, stored, subjects
from tests.sdk.python.real_server import Clients, connected
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer, free_port


@pytest.fixture(params=["sync", "async"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """A synchronous client, then an asynchronous one."""
    yield from subjects(request.param)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which clients wanted to wait before they sent a refresh again; they do not wait."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("auth_api_sdk.client.sleep", waited.append)
    monkeypatch.setattr("auth_api_sdk.async_client.sleep", wait)
    return waited


@pytest.fixture
def expired(subject: Subject) -> Subject:
    """A session whose access token has expired."""
    subject.store.replace(None, stored(1, age=1800))
    subject.server.on(REFRESH, (200, pair(2)))
    return subject


@pytest.fixture
def fresh(subject: Subject) -> Subject:
    """A session with a new access token."""
    subject.store.replace(None, stored(1))
    subject.server.on(REFRESH, (200, pair(2)))
    return subject


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients ignore a proxy of the environment, which cannot reach this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="module")
async def running(deployment_factory: DeploymentFactory) -> AsyncIterator[tuple[Deployment, RunningServer]]:
    """A server that the tests of a module share."""
    deployment = await deployment_factory()
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    variables: dict[str, Any] = {
        "PUBLIC_URL": origin,
        "RETURN_URLS": f'["{origin}/account/signed-in"]',
        "DATA_ENCRYPTION_KEYS": deployment.command("secrets", "data-key").stdout.strip(),
    }
    with deployment.server(port=port, **variables) as server:
        yield deployment, server


@pytest.fixture(params=["sync", "async"])
async def clients(
    request: pytest.FixtureRequest, running: tuple[Deployment, RunningServer], no_proxy: None
) -> AsyncIterator[Clients]:
    """A client of the shared server: a synchronous one, then an asynchronous one."""
    async with connected(request.param, *running) as opened:
        yield opened
