"""Two workers share all state, and new connections are distributed evenly."""

import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import DeploymentFactory
from tests.server.conftest import OnlyWorker, Served
from tests.support.actors import Actor
from tests.support.server_output import worker_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def served(deployment_factory: DeploymentFactory) -> AsyncIterator[Served]:
    """A server with two workers. A worker that is stopped in the middle of a background job would keep its locks."""
    deployment = await deployment_factory()
    with deployment.server(workers=2, BACKGROUND_JOBS="false") as server:
        yield Served(server, deployment)


@pytest.fixture
def ada(parallel_client: httpx.AsyncClient, request: pytest.FixtureRequest) -> Actor:
    name = f"worker_{len(request.node.name)}"
    return Actor(parallel_client, username=name, email=f"{name}@example.com")


async def test_session_of_one_worker_is_valid_on_the_other(ada: Actor, only_worker: OnlyWorker) -> None:
    with only_worker(0):
        await ada.register()

    with only_worker(1):
        assert (await ada.profile()).status == 200
        assert (await ada.refresh()).status == 200

    with only_worker(0):
        assert (await ada.profile()).status == 200


async def test_logout_on_one_worker_is_effective_on_the_other_at_once(ada: Actor, only_worker: OnlyWorker) -> None:
    """Even if the other worker has verified the same token before and may have cached it."""
    await ada.register()
    for number in (0, 1):
        with only_worker(number):
            assert (await ada.profile()).status == 200

    with only_worker(0):
        assert (await ada.log_out()).status == 200

    for number in (1, 0):
        with only_worker(number):
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_retried_refresh_returns_the_same_successor_on_the_other_worker(
    ada: Actor, only_worker: OnlyWorker
) -> None:
    await ada.register()

    with only_worker(0):
        first = await ada.try_refresh()
    with only_worker(1):
        second = await ada.try_refresh()

    assert (first.status, second.status) == (200, 200)
    assert second["refresh_token"] == first["refresh_token"]


def test_concurrent_connections_are_distributed_evenly(served: Served) -> None:
    """Otherwise the worker that wakes first accepts all connections of a proxy, which keeps them open."""
    wait_until(lambda: len(worker_pids(served.server.output())) == 2)
    pids = worker_pids(served.server.output())
    before = [sockets_of(pid) for pid in pids]
    address = urlsplit(served.server.url)

    with ExitStack() as stack:
        opened = 0

        def taken() -> list[int]:
            return [sockets_of(pid) - had for pid, had in zip(pids, before, strict=True)]

        def connect(times: int) -> None:
            nonlocal opened
            for _ in range(times):
                stack.enter_context(socket.create_connection((address.hostname, address.port)))
            opened += times
            wait_until(lambda: sum(taken()) >= opened)

        connect(60)
        while min(taken()) < opened // 4 and opened < 600:  # a worker that hangs for a moment takes its share later
            connect(20)

        assert min(taken()) >= opened // 4, taken()


def sockets_of(pid: int) -> int:
    """Return the number of open sockets of a process."""
    count = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            count += str(file.readlink()).startswith("socket:")
    return count
