"""Run `python -m auth_api` without the second that importing takes, in forks of `forking_server`."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Self

Streams = tuple[IO[bytes], IO[bytes], IO[bytes]]
"""Standard input, output and errors."""

_PROGRAM: Final = Path(__file__).with_name("forking_server.py")


class WarmProcess:
    """A running `auth-api`, with those methods of `subprocess.Popen` that the tests use."""

    def __init__(self, pid: int, arguments: list[str], report: int) -> None:
        self.pid = pid
        self.args = arguments
        self.returncode: int | None = None
        self._report = report

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process and return its exit status.

        Raises:
            subprocess.TimeoutExpired: the process has not ended within `timeout` seconds.
        """
        if self.returncode is None:
            if not select.select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            status = os.read(self._report, 2)
            os.close(self._report)
            self.returncode = (
                int.from_bytes(status, signed=True) if status else -signal.SIGKILL
            )  # the forking server was killed
        return self.returncode

    def terminate(self) -> None:
        """Send SIGTERM."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class WarmCommands:
    """A process that has imported the product and runs commands in forks.

    Args:
        env: environment variables of the interpreter; those of a command are passed to `start`.
    """

    _shared: Self | None = None

    def __init__(self, env: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._requests, child_end = socket.socketpair()
        with child_end:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_PROGRAM), str(child_end.fileno())],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[child_end.fileno()],
                start_new_session=True,  # Ctrl-C must reach only the tests, which close the connection at their end
            )

    @classmethod
    def shared(cls, env: Mapping[str, str]) -> Self:
        """Return the instance of this process, which the first call starts."""
        if cls._shared is None:
            cls._shared = cls(env)
            atexit.register(cls._shared.close)
        return cls._shared

    def start(self, arguments: list[str], *, env: Mapping[str, str], cwd: Path, streams: Streams) -> WarmProcess:
        """Start `auth-api` with these arguments in its own session of processes."""
        report, child_end = os.pipe()
        request = json.dumps({"arguments": arguments, "env": dict(env), "cwd": str(cwd)}).encode()
        with self._lock:
            socket.send_fds(self._requests, [request], [*(stream.fileno() for stream in streams), child_end])
            os.close(child_end)
            pid = int.from_bytes(self._requests.recv(4, socket.MSG_WAITALL))
        if not pid:  # pragma: no cover (only if the server was killed)
            message = f"the forking server ended with status {self._process.wait()}"
            raise RuntimeError(message)
        return WarmProcess(pid, ["auth-api", *arguments], report)

    def close(self) -> None:
        """Close the connection, which ends the process but not the commands it has started."""
        self._requests.close()
        self._process.wait()
