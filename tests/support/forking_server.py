"""Import the product once, and run `auth-api` in forks: a program that `warm_commands` starts.

Importing takes most of the time of a short command. Otherwise a fork does not differ from `python -m auth_api`, because
the product configures and connects nothing while it is imported, which a test checks.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import auth_api.asgi
import auth_api.cli  # noqa: F401 - imported for the forks

MAX_REQUEST_BYTES = 1 << 16
STANDARD_STREAM_COUNT = 3


def serve(requests: socket.socket) -> list[str] | None:
    """Fork for each request until the connection is closed; return the arguments in a fork, and None at the end."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    reports: dict[int, int] = {}
    while True:
        ready = select.select([requests.fileno(), wake], [], [])[0]
        if wake in ready:
            os.read(wake, 512)
            report_ended(reports)
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST_BYTES, STANDARD_STREAM_COUNT + 1)
        if not message:
            return None
        *streams, report = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            requests.close()
            for descriptor in (wake, woken, report, *reports.values()):
                os.close(descriptor)
            return become(json.loads(message), streams)
        reports[pid] = report
        for descriptor in streams:
            os.close(descriptor)
        requests.sendall(pid.to_bytes(4))


def report_ended(reports: dict[int, int]) -> None:
    """Send the exit status of each fork that has ended, negative for a signal."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            report = reports.pop(pid)
            with suppress(BrokenPipeError):
                os.write(report, os.waitstatus_to_exitcode(status).to_bytes(2, signed=True))
            os.close(report)


def become(request: Any, streams: list[int]) -> list[str]:
    """Set streams, environment and working directory as in a new process; return the arguments."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `python -m` does
    return [*request["arguments"]]


if __name__ == "__main__":
    gc.freeze()  # the garbage collector skips imported objects at the end of each fork
    given = serve(socket.socket(fileno=int(sys.argv[1])))
    if given is not None:
        sys.argv[1:] = given
        runpy.run_module("auth_api", run_name="__main__", alter_sys=True)
