"""Other programs that tests compare with or run."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT_SECONDS


def program(name: str, *, package: str | None = None) -> str:
    """Return the path of a program; skip the test if it is not installed, as `make test` needs only Python.

    Args:
        name: the program.
        package: the Debian package that contains it, if it is named otherwise.
    """
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package or name})")
    return found


@contextmanager
def running_program(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own, and end the group at the end of the block.

    Args:
        command: the program and its arguments.
        folder: where it runs.
        environ: all its environment variables.
        log: the file that gets its output.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(TIMEOUT_SECONDS)
