"""The supervisor replaces workers that end or hang, and gives up if none can be started."""

import resource
import signal
import socket
from collections.abc import Iterator

import pytest
from loguru import logger

from auth_api.server import supervisor, worker
from auth_api.server.connection_balancer import NOT_ACCEPTING
from auth_api.server.listening_socket import UNREAD_SECONDS, bind_socket, raise_open_file_limit
from auth_api.server.policy import ServerPolicy
from auth_api.server.supervisor import MAX_FAILED_STARTS, MAX_SILENT_CHECKS, Supervisor, WorkerSlot
from auth_api.server.worker import SharedMemory, run_worker
from tests.support.breakers import ManualClock

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with bind_socket("127.0.0.1", 0) as bound:
        yield bound


def test_supervisor_gives_up_if_the_first_workers_cannot_start(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "too-short")
    ended: list[int] = []

    status = Supervisor(ServerPolicy(workers=2), listening, on_worker_end=ended.append).run()

    assert status == 1
    assert 1 <= len(ended) <= 2


def test_worker_writes_its_last_log_lines_before_it_exits(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is a forked process, which does not run `atexit` handlers."""
    steps: list[str] = []

    class FinishedServer:
        started = True

        def __init__(self, *_: object) -> None: ...

        def run(self, sockets: list[socket.socket]) -> None:
            steps.append("served")

    monkeypatch.setattr(worker, "WorkerServer", FinishedServer)
    monkeypatch.setattr(logger, "remove", lambda: steps.append("log written"))
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(SystemExit):
        run_worker(ServerPolicy(), listening, SharedMemory(None, [NOT_ACCEPTING], 0))
    signal.signal(signal.SIGINT, before)

    assert steps == ["served", "log written"]


class Beats:
    value = 0


class FakeProcess:
    """A process whose progress the test decides."""

    sentinel = 0
    started = 0

    def __init__(self, beats: Beats) -> None:
        self.beats = beats
        self.pid: int | None = None
        self.exitcode: int | None = None

    def start(self) -> None:
        FakeProcess.started += 1
        self.pid = FakeProcess.started

    def is_alive(self) -> bool:
        return self.exitcode is None

    def kill(self) -> None:
        self.exitcode = -9

    def terminate(self) -> None:
        self.exitcode = 0

    def join(self, timeout: float | None = None) -> None: ...


class FakeSpawn:
    """A multiprocessing context that creates fake processes and keeps them in a list."""

    def __init__(self) -> None:
        self.processes: list[FakeProcess] = []

    def Value(self, *_: object, **__: object) -> Beats:  # noqa: N802 - as in multiprocessing
        return Beats()

    def Process(self, *, target: object, args: tuple[object, object, SharedMemory]) -> FakeProcess:  # noqa: N802 - as above
        self.processes.append(FakeProcess(args[2].beats))
        return self.processes[-1]


class Parent:
    """A supervisor of two workers that the test drives check by check, on a clock that stands still."""

    def __init__(self, listening: socket.socket, spawn: FakeSpawn, time: ManualClock) -> None:
        self.ended: list[int] = []
        self.time = time
        self.spawn = spawn
        self.supervisor = Supervisor(ServerPolicy(workers=2), listening, on_worker_end=self.ended.append)
        counts = [NOT_ACCEPTING] * 2
        slots = [WorkerSlot(ServerPolicy(), listening, counts, index) for index in range(2)]
        self.supervisor._slots = slots  # noqa: SLF001 - as `run` does
        for slot in slots:
            self.supervisor._start(slot)  # noqa: SLF001 - as above

    def serve(self, *numbers: int) -> None:
        """Let the event loops of these processes run once, then check."""
        for number in numbers:
            self.spawn.processes[number].beats.value += 1
        self.check()

    def check(self) -> bool:
        """Check all workers once. Return whether the supervisor gives up."""
        for slot in self.supervisor._slots:  # noqa: SLF001 - one iteration of its loop
            self.supervisor._check(slot)  # noqa: SLF001 - as above
        return self.supervisor._is_hopeless()  # noqa: SLF001 - as above


@pytest.fixture
def parent(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Parent:
    spawn, time = FakeSpawn(), ManualClock()
    monkeypatch.setattr(supervisor, "spawn", spawn)
    monkeypatch.setattr(supervisor, "monotonic", time)
    return Parent(listening, spawn, time)


def test_ft14_worker_that_has_served_is_replaced_at_once(parent: Parent) -> None:
    parent.serve(0, 1)
    parent.spawn.processes[0].kill()

    parent.check()

    assert len(parent.spawn.processes) == 3
    assert parent.ended == [parent.spawn.processes[0].pid]


def test_worker_that_fails_to_start_is_retried_after_growing_pauses(parent: Parent) -> None:
    parent.serve(0, 1)
    parent.spawn.processes[0].kill()
    pauses = []
    for _ in range(8):
        parent.check()
        started = len(parent.spawn.processes)
        parent.spawn.processes[-1].kill()  # before it served
        parent.check()
        began = parent.time()
        while len(parent.spawn.processes) == started:
            parent.time.advance(1)
            parent.serve(1)
        pauses.append(parent.time() - began)

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_supervisor_gives_up_if_no_worker_is_left_and_none_can_start(parent: Parent) -> None:
    parent.serve(0, 1)
    while not parent.check():
        for process in parent.spawn.processes:
            process.kill()
        parent.time.advance(60)

    assert len(parent.spawn.processes) == 2 + 2 * MAX_FAILED_STARTS


def test_hung_worker_is_killed_and_replaced(parent: Parent) -> None:
    parent.serve(0, 1)
    for _ in range(MAX_SILENT_CHECKS + 2):
        parent.serve(1)

    assert parent.spawn.processes[0].exitcode == -9
    assert parent.spawn.processes[1].exitcode is None
    assert len(parent.spawn.processes) == 3


def test_accepted_socket_inherits_the_limit_for_unread_responses(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()

    with accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNREAD_SECONDS * 1000


@pytest.mark.parametrize(
    ("limits", "set_to"),
    [((1024, 4096), 2256), ((1024, 2000), 2000), ((8192, 8192), None), ((1024, resource.RLIM_INFINITY), 2256)],
    ids=["as wanted", "up to the hard limit", "high enough already", "no hard limit"],
)
def test_limit_of_open_files_is_raised_for_all_connections(
    limits: tuple[int, int], set_to: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, values: calls.append(values[0]))

    raise_open_file_limit(2256)

    assert calls == ([] if set_to is None else [set_to])
