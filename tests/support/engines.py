"""Runs the tests on several databases at once: `python -m tests.support.engines sqlite postgres -- -q tests/journeys`.

One run alone leaves a core idle where it begins, where it ends and where its tests wait; the other works meanwhile.
What the first one says appears as it comes, what the others say when all have ended.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from typing import Final

WORKERS: Final = {"sqlite": 2, "postgres": 1}
"""Test processes of each, for two cores: on SQLite there are four times as many tests. One database alone gets two."""


def run(engines: list[str], arguments: list[str]) -> int:
    """Run pytest on each database; return 0 if every run ended so, and otherwise the first other status."""
    with ExitStack() as stack:
        outputs = [None, *(stack.enter_context(tempfile.TemporaryFile()) for _ in engines[1:])]
        runs = [
            subprocess.Popen(_command(engine, arguments, alone=not engines[1:]), stdout=output, stderr=output)
            for engine, output in zip(engines, outputs, strict=True)
        ]
        statuses = _statuses(runs)
        for output in filter(None, outputs):
            output.seek(0)
            sys.stdout.buffer.write(output.read())
    return next(filter(None, statuses), 0)


def _command(engine: str, arguments: list[str], *, alone: bool) -> list[str]:
    workers = 2 if alone else WORKERS[engine]
    return [sys.executable, "-m", "pytest", "-n", str(workers), f"--engine={engine}", *arguments]


def _statuses(runs: list[subprocess.Popen[bytes]]) -> list[int]:
    while True:
        try:
            return [run.wait() for run in runs]
        except KeyboardInterrupt:  # Ctrl-C reaches them too: they end, and say what they have seen
            continue


if __name__ == "__main__":
    separator = sys.argv.index("--")
    sys.exit(run(sys.argv[1:separator], sys.argv[separator + 1 :]))
