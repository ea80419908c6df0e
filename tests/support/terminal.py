"""A shell that goes on running between commands, as a person has it in a terminal."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_MARK: Final = "=== done ==="


class Terminal:
    """Runs commands one after another in the same shell.

    Args:
        process: the shell, whose input and output are pipes.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, command: str) -> str:
        """Run a command, and return what it printed; fail if it does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\necho; echo '{_MARK}' $?\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.startswith(_MARK):
                output = "".join(lines)
                assert line.split()[-1] == "0", f"{command}\n{output}"
                return output
            lines.append(line)
        message = f"the shell has ended: {command}\n{''.join(lines)}"
        raise AssertionError(message)


@contextmanager
def opened_terminal(folder: Path, environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Start a shell whose commands stop at the first failure of a block."""
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc"],  # noqa: S607 - the one on the path
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Terminal(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
