"""Run an application on loopback."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import running_program
from tests.support.waiting import TIMEOUT_SECONDS, wait_until


@contextmanager
def running_application(
    command: Sequence[str | Path], folder: Path, variables: Mapping[str, str], *, port: int, log: Path
) -> Iterator[None]:
    """Run an application for the duration of the block.

    Args:
        command: the program and its arguments.
        folder: where it runs.
        variables: environment variables, in addition to those of this process.
        port: on which it accepts connections once it is ready.
        log: the file that gets its output.
    """
    with running_program([str(part) for part in command], folder, {**os.environ, **variables}, log) as process:

        def is_ready() -> bool:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            with socket.socket() as probe:
                return probe.connect_ex(("localhost", port)) == 0

        wait_until(is_ready, within=2 * TIMEOUT_SECONDS)
        yield
