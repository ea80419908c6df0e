"""The parent of several workers: what it does when they cannot start, die or hang."""

import resource
import signal
import socket
from collections.abc import Iterator

import pytest
from loguru import logger

from auth_api.server import server, workers
from auth_api.server.connection_balancer import NOT_ACCEPTING
from auth_api.server.server import allow_open_files, bind_socket
from auth_api.server.workers import FAILED_STARTS, SILENT_LOOKS, Workers
from auth_api.settings.server import ServerPolicy
from tests.support.breakers import StandingClock

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with bind_socket("127.0.0.1", 0) as bound:
        yield bound


def test_workers_that_cannot_start_are_not_started_again(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "too-short")
    ended: list[int] = []

    status = Workers(ServerPolicy(workers=2), listening, on_death=ended.append).run()

    assert status == 1
    assert 1 <= len(ended) <= 2


def test_a_worker_writes_its_last_lines_before_it_ends(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a fork, which ends without what `atexit` was told."""
    steps: list[str] = []

    class Short:
        started = True

        def __init__(self, *_: object) -> None: ...

        def run(self, sockets: list[socket.socket]) -> None:
            steps.append("served")

    monkeypatch.setattr(workers, "WorkerServer", Short)
    monkeypatch.setattr(logger, "remove", lambda: steps.append("log written"))
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(SystemExit):
        workers.work(ServerPolicy(), listening, None, [NOT_ACCEPTING], 0)
    signal.signal(signal.SIGINT, before)

    assert steps == ["served", "log written"]


class Process:
    """A process of which the test says how far it came."""

    sentinel = 0
    started = 0

    def __init__(self, beats: "Beats") -> None:
        self.beats = beats
        self.pid: int | None = None
        self.exitcode: int | None = None

    def start(self) -> None:
        Process.started += 1
        self.pid = Process.started

    def is_alive(self) -> bool:
        return self.exitcode is None

    def kill(self) -> None:
        self.exitcode = -9

    def terminate(self) -> None:
        self.exitcode = 0

    def join(self, timeout: float | None = None) -> None: ...


class Beats:
    value = 0


class Spawn:
    """Makes such processes, and keeps them."""

    def __init__(self) -> None:
        self.processes: list[Process] = []

    def Value(self, *_: object, **__: object) -> Beats:  # noqa: N802 - as in multiprocessing
        return Beats()

    def Process(self, *, target: object, args: tuple[object, object, Beats, object, int]) -> Process:  # noqa: N802 - as above
        self.processes.append(Process(args[2]))
        return self.processes[-1]


class Parent:
    """Two workers, looked after step by step on a clock that stands still."""

    def __init__(self, listening: socket.socket, spawn: Spawn, time: StandingClock) -> None:
        self.ended: list[int] = []
        self.time = time
        self.spawn = spawn
        self.workers = Workers(ServerPolicy(workers=2), listening, on_death=self.ended.append)
        counts = [NOT_ACCEPTING] * 2
        self.workers._workers = [workers.Worker(ServerPolicy(), listening, counts, index) for index in range(2)]  # noqa: SLF001 - as `run` does
        for worker in self.workers._workers:  # noqa: SLF001 - as above
            self.workers._start(worker)  # noqa: SLF001 - as above

    def serve(self, *numbers: int) -> None:
        for number in numbers:
            self.spawn.processes[number].beats.value += 1
        self.look()

    def look(self) -> bool:
        for worker in self.workers._workers:  # noqa: SLF001 - one turn of its loop
            self.workers._look_after(worker)  # noqa: SLF001 - as above
        return self.workers._is_hopeless()  # noqa: SLF001 - as above


@pytest.fixture
def parent(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Parent:
    spawn, time = Spawn(), StandingClock()
    monkeypatch.setattr(workers, "spawn", spawn)
    monkeypatch.setattr(workers, "monotonic", time)
    return Parent(listening, spawn, time)


def test_ft14_who_had_served_is_replaced_at_once(parent: Parent) -> None:
    parent.serve(0, 1)
    parent.spawn.processes[0].kill()

    parent.look()

    assert len(parent.spawn.processes) == 3
    assert parent.ended == [parent.spawn.processes[0].pid]


def test_who_cannot_start_is_tried_again_after_pauses_that_grow(parent: Parent) -> None:
    parent.serve(0, 1)
    parent.spawn.processes[0].kill()
    pauses = []
    for _ in range(8):
        parent.look()
        started = len(parent.spawn.processes)
        parent.spawn.processes[-1].kill()  # before it served
        parent.look()
        began = parent.time()
        while len(parent.spawn.processes) == started:
            parent.time.advance(1)
            parent.serve(1)
        pauses.append(parent.time() - began)

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_nobody_left_and_nobody_to_be_had_is_the_end(parent: Parent) -> None:
    parent.serve(0, 1)
    while not parent.look():
        for process in parent.spawn.processes:
            process.kill()
        parent.time.advance(60)

    assert len(parent.spawn.processes) == 2 + 2 * FAILED_STARTS


def test_who_hangs_is_killed_and_replaced(parent: Parent) -> None:
    parent.serve(0, 1)
    for _ in range(SILENT_LOOKS + 2):
        parent.serve(1)

    assert parent.spawn.processes[0].exitcode == -9
    assert parent.spawn.processes[1].exitcode is None
    assert len(parent.spawn.processes) == 3


def test_an_answer_that_nobody_reads_is_given_up_by_the_kernel(listening: socket.socket) -> None:
    """Connections have this from the socket that accepts them."""
    with socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()

    with accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == server.UNREAD_SECONDS * 1000


@pytest.mark.parametrize(
    ("limits", "set_to"),
    [((1024, 4096), 2256), ((1024, 2000), 2000), ((8192, 8192), None), ((1024, resource.RLIM_INFINITY), 2256)],
    ids=["as wanted", "as far as it goes", "enough already", "without a hard limit"],
)
def test_there_are_files_enough_for_all_connections(
    limits: tuple[int, int], set_to: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, values: calls.append(values[0]))

    allow_open_files(2256)

    assert calls == ([] if set_to is None else [set_to])
