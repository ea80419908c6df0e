"""Clients of both kinds with a fake server."""

from collections.abc import Iterator

import pytest

from tests.sdk.python.fake_server import Subject, subjects


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
