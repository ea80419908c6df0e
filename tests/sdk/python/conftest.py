"""Clients of both kinds with a fake server."""

from collections.abc import Iterator

import pytest

from tests.sdk.python.fake_server import REFRESH, Subject, pair, stored, subjects


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
