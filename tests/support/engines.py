"""Runs the tests on several databases at once: `python -m tests.support.engines sqlite postgres -- -q tests/journeys`.

One run alone leaves a core idle where it begins, where it ends and where its tests wait; another works meanwhile. Each
run is a pytest of its own, with a share of the files: to have one hand out single tests to others takes a tenth of the
time. What the first one says appears as it comes, what the others say when all have ended.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from typing import Final

SHARES: Final = {"sqlite": 2, "postgres": 1}
"""Runs of each, for two cores: on SQLite there are four times as many tests. One database alone gets two."""

NOTHING_TO_RUN: Final = 5
"""The status of a pytest whose share holds none of the tests that are asked for."""


def run(engines: list[str], arguments: list[str]) -> int:
    """Run pytest on each database; return 0 if every run ended so, and otherwise the first other status."""
    commands = [
        [sys.executable, "-m", "pytest", f"--engine={engine}", f"--share={share}/{shares}", *arguments]
        for engine in engines
        for shares in [SHARES[engine] if engines[1:] else 2]
        for share in range(1, shares + 1)
    ]
    with ExitStack() as stack:
        outputs = [None, *(stack.enter_context(tempfile.TemporaryFile()) for _ in commands[1:])]
        runs = [
            subprocess.Popen(command, stdout=output, stderr=output)
            for command, output in zip(commands, outputs, strict=True)
        ]
        statuses = _statuses(runs)
        for output in filter(None, outputs):
            output.seek(0)
            sys.stdout.buffer.write(output.read())
    ran = [status for status in statuses if status != NOTHING_TO_RUN]
    return next(filter(None, ran), 0) if ran else NOTHING_TO_RUN


def _statuses(runs: list[subprocess.Popen[bytes]]) -> list[int]:
    while True:
        try:
            return [run.wait() for run in runs]
        except KeyboardInterrupt:  # Ctrl-C reaches them too: they end, and say what they have seen
            continue


if __name__ == "__main__":
    separator = sys.argv.index("--")
    sys.exit(run(sys.argv[1:separator], sys.argv[separator + 1 :]))
