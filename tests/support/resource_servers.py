"""Services that accept the access tokens of auth_api, as processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.support.processes import Caretaker, clean_environment, free_port
from tests.support.waiting import TIMEOUT_SECONDS, wait_until


@contextmanager
def serving(module: str, folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Run the variable `app` of a module with uvicorn, and yield its URL when it responds.

    Args:
        module: the name of the module.
        folder: where it and its own modules are.
        environ: environment variables, in addition to `clean_environment`.
    """
    port, caretaker = free_port(), Caretaker("auth-api-test-resource-server-")
    command = [sys.executable, "-m", "uvicorn", f"{module}:app", "--host", "127.0.0.1", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with (folder / f"{module}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=clean_environment(environ), stdout=log, stderr=log, start_new_session=True
        )
    caretaker.watch(-process.pid)
    try:
        wait_until(lambda: _responds(url, process), within=2 * TIMEOUT_SECONDS)
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        caretaker.release()
        caretaker.close()


def _responds(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the process has ended, see its log"
    with suppress(httpx.TransportError):
        httpx.get(url, trust_env=False, timeout=TIMEOUT_SECONDS)
        return True
    return False
