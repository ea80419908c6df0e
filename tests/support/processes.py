"""Server processes and commands of auth_api, and the clean-up of processes that tests start."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self

import httpx

from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.warm_commands import Streams, WarmCommands, WarmProcess

# Below Linux's ephemeral ports (from 32768), so that no outgoing connection takes the port while its server
# is down, and a client that retries cannot connect to itself.
_PORTS: Final = range(20_000, 32_768)
# Each worker of xdist has ports of its own: otherwise one could take the port that another has found free.
_WORKERS: Final = 8
_worker: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_handed_out: set[int] = set()

Process = subprocess.Popen[Any] | WarmProcess

# Reads lines "SIGNAL target..." until the other end of the pipe is closed; the last line counts.
_CARETAKER: Final = """
while read -r line; do last=$line; done
set -- "$1" $last
folder=$1; shift
if [ $# -gt 1 ]; then
    signal=$1; shift
    kill -s CONT -- "$@" 2>/dev/null
    kill -s "$signal" -- "$@" 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -s 0 -- "$1" 2>/dev/null && sleep 0.1; done
    kill -s KILL -- "$@" 2>/dev/null
fi
for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$folder" 2>/dev/null && break; sleep 0.2; done
"""


def free_port() -> int:
    """Return a free TCP port of 127.0.0.1; a process gets each port only once."""
    while True:
        # Not from module random, which pytest-randomly seeds equally in all workers of xdist.
        port = secrets.choice(_PORTS[_worker::_WORKERS])
        if port in _handed_out:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _handed_out.add(port)
            return port


class Caretaker:
    """A temporary folder, and the processes that use it.

    When this process ends, even by SIGKILL, the processes last passed to `watch` are ended and the folder is removed.
    `close` does the same at once.
    """

    # A shell at the other end of a pipe instead of prctl(PR_SET_PDEATHSIG), which acts when the *thread* that started
    # the process ends, needs a preexec_fn (unsafe with threads) and cannot remove a folder.

    def __init__(self, prefix: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _CARETAKER, "caretaker", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C at the terminal must not end the clean-up
        )

    def watch(self, *targets: int, how: str = "KILL") -> None:
        """Watch these processes (a negative number is a process group) instead of the previous ones.

        They get the signal `how` first, and KILL if they do not end.
        """
        self._write(" ".join([how, *map(str, targets)]))

    def release(self) -> None:
        """Stop watching: the processes have ended, and their ids may be reused."""
        self._write("")

    def close(self) -> None:
        """End the watched processes and remove the folder."""
        self._shell.communicate()

    def _write(self, line: str) -> None:
        if self._shell.stdin is None:  # pragma: no cover - stdin is a pipe
            raise AssertionError
        self._shell.stdin.write(line + "\n")
        self._shell.stdin.flush()


class ServerNotReadyError(Exception):
    """The server ended or did not respond on `/health/live`; the message contains its output."""


class ServerNotStoppedError(Exception):
    """The server did not end after SIGTERM and was killed; the message contains its output."""


class RunningServer:
    """`python -m auth_api serve` on a free port of 127.0.0.1, which responds when the `with` block begins.

    The end of the block stops the server; `url`, `port` and `output` can still be read. Inside the block, `start`,
    `stop` and `kill` may be called repeatedly: the port stays the same, and the output grows.

    Args:
        env: environment variables, in addition to `clean_environment`.
        cwd: working folder.
        workers: number of worker processes.
        port: port instead of a free one.
        deadline: maximum seconds of the start.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        cwd: Path,
        *,
        workers: int = 1,
        port: int | None = None,
        deadline: float = 2 * TIMEOUT_SECONDS,
    ) -> None:
        self.port = free_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = clean_environment(env)
        self._cwd = cwd
        self._workers = workers
        self._deadline = deadline
        self._caretaker: Caretaker | None = None
        self._process: Process | None = None
        self._last_output = ""

    @property
    def pid(self) -> int:
        """Process id of the server; with several workers, of their parent."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self._caretaker = Caretaker("auth-api-test-server-")
        try:
            self.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._close()

    def start(self) -> None:
        """Start the server, and return when it responds.

        Raises:
            ServerNotReadyError: it ended, or did not respond within the deadline and was killed.
        """
        if self._caretaker is None:
            message = "start() must be called inside the with block"
            raise RuntimeError(message)
        if self.running:
            message = "the server is already running"
            raise RuntimeError(message)
        arguments = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self._workers)]
        with self._output_file(self._caretaker).open("ab") as output, Path(os.devnull).open("rb") as nothing:
            self._process = start_command(arguments, env=self._env, cwd=self._cwd, streams=(nothing, output, output))
        self._caretaker.watch(-self._process.pid)
        self._wait_until_live(self._process)

    def stop(self, timeout: float = TIMEOUT_SECONDS) -> int:
        """Stop the server with SIGTERM if it is running, and return its exit status.

        Raises:
            ServerNotStoppedError: it was still alive after `timeout` seconds and was killed.
        """
        process = self._started()
        if self.running:
            process.terminate()
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                message = f"killed, because it was alive {timeout} s after SIGTERM; its output:\n{self.output()}"
                raise ServerNotStoppedError(message) from None
        self._end_group(process)
        return process.wait()

    def kill(self) -> None:
        """Kill the server and all its workers with SIGKILL, and return when the port is free."""
        process = self._started()
        self._end_group(process)
        process.wait()
        end = time.monotonic() + self._deadline
        while not _is_free(self.port) and time.monotonic() < end:  # workers may die after their parent
            time.sleep(0.01)

    def output(self) -> str:
        """Return the standard output and error of the server so far."""
        if self._caretaker is None:
            return self._last_output
        return self._output_file(self._caretaker).read_text(encoding="utf-8", errors="replace")

    def _wait_until_live(self, process: Process) -> None:
        end = time.monotonic() + self._deadline
        # trust_env: a proxy in the environment must not be used for 127.0.0.1.
        with httpx.Client(trust_env=False, timeout=self._deadline) as client:
            while time.monotonic() < end:
                if process.poll() is not None:
                    self.stop()
                    message = f"the server ended with status {process.returncode}; its output:\n{self.output()}"
                    raise ServerNotReadyError(message)
                with suppress(httpx.TransportError):
                    if client.get(f"{self.url}/health/live").status_code == HTTPStatus.OK:
                        return
                time.sleep(0.02)
        self.kill()
        message = f"no response within {self._deadline} s; the server's output:\n{self.output()}"
        raise ServerNotReadyError(message)

    def _started(self) -> Process:
        if self._process is None:
            message = "the server was not started"
            raise RuntimeError(message)
        return self._process

    def _end_group(self, process: Process) -> None:
        if self._caretaker is None:  # the block has ended, and so have all processes
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self._caretaker.release()

    def _close(self) -> None:
        if self._caretaker is None:
            return
        self._last_output = self.output()
        self._caretaker.close()
        self._caretaker = None

    @staticmethod
    def _output_file(caretaker: Caretaker) -> Path:
        return caretaker.folder / "output"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def run_cli(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path,
    timeout: float = 2 * TIMEOUT_SECONDS,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `python -m auth_api` with these arguments and wait for its end; `env` is added to `clean_environment`."""
    with tempfile.TemporaryFile() as input_file, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        input_file.write(stdin.encode())
        input_file.seek(0)
        process = start_command([*arguments], env=clean_environment(env), cwd=cwd, streams=(input_file, output, errors))
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        for file in (output, errors):
            file.seek(0)
        return subprocess.CompletedProcess(process.args, status, output.read().decode(), errors.read().decode())


def start_command(arguments: list[str], *, env: Mapping[str, str], cwd: Path, streams: Streams) -> Process:
    """Start `auth-api` with these arguments in a new process group.

    The process is forked from one that has already imported auth_api, unless `env` changes PYTHONPATH or coverage must
    measure the process from its start.
    """
    base = clean_environment({})
    is_usual = env.get("PYTHONPATH") == base.get("PYTHONPATH")
    if is_usual and not any(name.startswith("COVERAGE_") for name in env):
        return WarmCommands.shared(base).start(arguments, env=env, cwd=cwd, streams=streams)
    command = [sys.executable, "-m", "auth_api", *arguments]
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        command, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
    )


def clean_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return `given` and the variables of this process that a Python program needs, and those of coverage."""
    # PYTHONPATH finds auth_api if a checkout is tested without being installed.
    kept = {"PATH", "HOME", "LANG", "PYTHONPATH"}
    base = {name: value for name, value in os.environ.items() if name in kept or name.startswith("COVERAGE_")}
    return base | dict(given)
