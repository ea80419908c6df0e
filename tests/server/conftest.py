"""Server processes that several tests share, with one worker and with two."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.conftest import DeploymentFactory
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.server_output import worker_pids
from tests.support.waiting import TIMEOUT_SECONDS, wait_until


@dataclass(frozen=True)
class Served:
    """A running server and its deployment."""

    server: RunningServer
    deployment: Deployment


ServedFactory = Callable[[int], Awaitable[Served]]
OnlyWorker = Callable[[int], AbstractContextManager[None]]


@pytest.fixture(scope="session")
async def served_by(deployment_factory: DeploymentFactory) -> AsyncIterator[ServedFactory]:
    """Return a function that starts a server with a number of workers, once per session."""
    running: dict[int, Served] = {}

    with ExitStack() as stack:

        async def serve(workers: int) -> Served:
            if workers not in running:
                deployment = await deployment_factory()
                server = stack.enter_context(deployment.server(workers=workers))
                running[workers] = Served(server, deployment)
            return running[workers]

        yield serve


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
async def served(request: pytest.FixtureRequest, served_by: ServedFactory) -> Served:
    """A server that a test must not stop. Its users are kept, so every test needs usernames of its own."""
    return await served_by(request.param)


@pytest.fixture
async def parallel_client(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    """A client that opens a connection for every request."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=served.server.url, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def only_worker(served: Served) -> OnlyWorker:
    """Return a context manager in which only one of the two workers runs, because the other one is stopped."""
    wait_until(lambda: len(worker_pids(served.server.output())) == 2)
    pids = worker_pids(served.server.output())

    @contextmanager
    def only(number: int) -> Iterator[None]:
        frozen = pids[1 - number]
        os.kill(frozen, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(frozen, signal.SIGCONT)

    return only
