"""No worker knows anything that the other one does not."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.server.conftest import Served
from tests.support.actors import Actor
from tests.support.server_output import worker_pids
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.parametrize("served", [2], indirect=True, ids=["two workers"]), pytest.mark.slow]

OnlyWorker = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def only_worker(served: Served) -> OnlyWorker:
    """Return a context in which this one of the two workers answers, because the other one is frozen."""
    wait_until(lambda: len(worker_pids(served.server.output())) == 2)
    pids = worker_pids(served.server.output())

    @contextmanager
    def responses(number: int) -> Iterator[None]:
        frozen = pids[1 - number]
        os.kill(frozen, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(frozen, signal.SIGCONT)

    return responses


@pytest.fixture
def ada(crowd: httpx.AsyncClient, request: pytest.FixtureRequest) -> Actor:
    name = f"worker_{len(request.node.name)}"
    return Actor(crowd, username=name, email=f"{name}@example.com")


async def test_a_session_opened_on_one_worker_is_known_to_the_other(ada: Actor, only_worker: OnlyWorker) -> None:
    with only_worker(0):
        await ada.register()

    with only_worker(1):
        assert (await ada.profile()).status == 200
        assert (await ada.refresh()).status == 200

    with only_worker(0):
        assert (await ada.profile()).status == 200


async def test_a_logout_on_one_worker_counts_on_the_other_at_once(ada: Actor, only_worker: OnlyWorker) -> None:
    """Also where the other one has verified this very token before and may remember it."""
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


async def test_a_retried_refresh_gets_the_same_successor_from_the_other_worker(
    ada: Actor, only_worker: OnlyWorker
) -> None:
    await ada.register()

    with only_worker(0):
        first = await ada.try_refresh()
    with only_worker(1):
        second = await ada.try_refresh()

    assert (first.status, second.status) == (200, 200)
    assert second["refresh_token"] == first["refresh_token"]


def test_connections_that_come_at_once_are_shared_out(served: Served) -> None:
    """Whoever wakes first would take them all, and a proxy keeps its connections for long."""
    wait_until(lambda: len(worker_pids(served.server.output())) == 2)
    pids = worker_pids(served.server.output())
    before = [sockets_of(pid) for pid in pids]
    address = urlsplit(served.server.url)

    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(socket.create_connection((address.hostname, address.port)))
        wait_until(lambda: sum(map(sockets_of, pids)) >= sum(before) + 20)
        taken = [sockets_of(pid) - had for pid, had in zip(pids, before, strict=True)]

    assert min(taken) >= 5, taken


def sockets_of(pid: int) -> int:
    """Count the sockets that a process has open."""
    count = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            count += str(file.readlink()).startswith("socket:")
    return count
