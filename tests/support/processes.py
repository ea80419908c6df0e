"""The product as a process of its own, and whatever else the tests start beside it."""

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

from tests.support.warm_commands import Streams, WarmCommands, WarmProcess

# Below the range that Linux takes outgoing ports from (32768 and up): no connection takes the port while its server is
# down, and a client that keeps trying cannot be given the very port it calls and so reach itself.
_PORTS: Final = range(20_000, 32_768)
_handed_out: set[int] = set()

Process = subprocess.Popen[Any] | WarmProcess

# Reads lines "SIGNAL target..." of which the last counts, until the other end of the pipe is closed or its owner dead.
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
    """Return a TCP port on which nothing listens on 127.0.0.1; no port is returned twice in one process."""
    while True:
        # Not the module random: pytest-randomly gives all xdist workers the same seed.
        port = secrets.choice(_PORTS)
        if port in _handed_out:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _handed_out.add(port)
            return port


class Caretaker:
    """A temporary folder, and the processes that live in it.

    When this process ends, however it ends (SIGKILL included), the processes last named to `watch` are ended and the
    folder is removed. `close` does the same at once.
    """

    # A shell at the other end of a pipe, instead of prctl(PR_SET_PDEATHSIG): that one acts when the *thread* ends that
    # started the process, needs a preexec_fn (unsafe among threads) and cannot remove a folder.

    def __init__(self, prefix: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _CARETAKER, "caretaker", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C at the terminal is for the tests, not for who cleans up after them
        )

    def watch(self, *targets: int, how: str = "KILL") -> None:
        """Watch `targets` (a negative number is a process group), and no longer what was watched before.

        Their end begins with the signal `how`; KILL follows where that is not enough.
        """
        self._tell(" ".join([how, *map(str, targets)]))

    def release(self) -> None:
        """Watch no process any more: they have ended, and their numbers may be given to others."""
        self._tell("")

    def close(self) -> None:
        """End what is still watched and remove the folder."""
        self._shell.communicate()

    def _tell(self, line: str) -> None:
        if self._shell.stdin is None:  # pragma: no cover (it was asked for)
            raise AssertionError
        self._shell.stdin.write(line + "\n")
        self._shell.stdin.flush()


class ServerNotReadyError(Exception):
    """The product ended, or stayed silent, instead of answering `/health/live`; the message shows what it wrote."""


class ServerNotStoppedError(Exception):
    """The product did not end after SIGTERM and was killed; the message shows what it wrote."""


class RunningServer:
    """`python -m auth_api serve` on a free port of 127.0.0.1, answering when the `with` block begins.

    `env` and `cwd` are its environment (over `clean_environment`) and its working folder. Leaving the block stops it
    with `stop`; `url`, `port` and `output` may still be read then. `start`, `stop` and `kill` may follow each other
    inside the block: the port stays the same, the output grows.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        cwd: Path,
        *,
        workers: int = 1,
        port: int | None = None,
        deadline: float = 60,
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
        """The number of the process that was started (with several workers: their parent)."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the process that was started is alive."""
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
        """Start the server and return when it answers.

        Raises:
            ServerNotReadyError: It ended before, or did not answer within the deadline (and was killed).
        """
        if self._caretaker is None:
            message = "start() is for inside the with block"
            raise RuntimeError(message)
        if self.running:
            message = "the server is running already"
            raise RuntimeError(message)
        arguments = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self._workers)]
        with self._output_file(self._caretaker).open("ab") as output, Path(os.devnull).open("rb") as nothing:
            self._process = start_command(arguments, env=self._env, cwd=self._cwd, streams=(nothing, output, output))
        self._caretaker.watch(-self._process.pid)
        self._wait_until_it_answers(self._process)

    def stop(self, timeout: float = 20) -> int:
        """Ask the server to end (SIGTERM) and return its exit status; one that has ended just tells its status.

        Raises:
            ServerNotStoppedError: It was still alive after `timeout` seconds and has been killed.
        """
        process = self._started()
        if self.running:
            process.terminate()
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                message = f"still alive {timeout} s after SIGTERM, therefore killed; it wrote:\n{self.output()}"
                raise ServerNotStoppedError(message) from None
        self._end_group(process)
        return process.wait()

    def kill(self) -> None:
        """End the server and all its workers with SIGKILL; when this returns, the port is free again."""
        process = self._started()
        self._end_group(process)
        process.wait()
        end = time.monotonic() + self._deadline
        while not _is_free(self.port) and time.monotonic() < end:  # workers may die a moment later than their parent
            time.sleep(0.01)

    def output(self) -> str:
        """Return all that the server has written to its standard output and error so far."""
        if self._caretaker is None:
            return self._last_output
        return self._output_file(self._caretaker).read_text(encoding="utf-8", errors="replace")

    def _wait_until_it_answers(self, process: Process) -> None:
        end = time.monotonic() + self._deadline
        # A proxy named in the environment is not for 127.0.0.1.
        with httpx.Client(trust_env=False, timeout=self._deadline) as client:
            while time.monotonic() < end:
                if process.poll() is not None:
                    self.stop()
                    message = f"the server ended with status {process.returncode}; it wrote:\n{self.output()}"
                    raise ServerNotReadyError(message)
                with suppress(httpx.TransportError):
                    if client.get(f"{self.url}/health/live").status_code == HTTPStatus.OK:
                        return
                time.sleep(0.02)
        self.kill()
        message = f"no answer within {self._deadline} s; the server wrote:\n{self.output()}"
        raise ServerNotReadyError(message)

    def _started(self) -> Process:
        if self._process is None:
            message = "the server was not started"
            raise RuntimeError(message)
        return self._process

    def _end_group(self, process: Process) -> None:
        if self._caretaker is None:  # left the block: all has ended
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
    timeout: float = 30,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `python -m auth_api` with these arguments to its end; `env` goes over `clean_environment`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(stdin.encode())
        given.seek(0)
        process = start_command([*arguments], env=clean_environment(env), cwd=cwd, streams=(given, output, errors))
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
    """Start `auth-api` with these arguments as the first of a new process group.

    It is a fork of a process that has imported the product already, unless `env` could make it import another one, or
    coverage wants to be there from the beginning.
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
    """Return `given` over the few variables of this process that a Python program needs, and those of coverage."""
    # PYTHONPATH: where a checkout is tested without being installed, the product is found through it.
    kept = {"PATH", "HOME", "LANG", "PYTHONPATH"}
    base = {name: value for name, value in os.environ.items() if name in kept or name.startswith("COVERAGE_")}
    return base | dict(given)
