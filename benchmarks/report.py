"""Writes RESULTS.md."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Final

from auth_api import __version__
from auth_api.kit.clock import utc_now
from benchmarks import machine
from benchmarks.targets import OURS, WORKLOADS, Results, Target, targets

QUIET: Final = 0.05
"""Share of the server's processor that others may take before the numbers are called disturbed."""

_ABOUT: Final = """# Benchmark results

Made by `make bench`: see [docs/performance.md](../docs/performance.md) for what is measured and why. Every number is
the median of rounds in which all contestants took turns; every answer was checked, and a single wrong one voids a
measurement, which is then made anew. The server has one processor to itself, the client (wrk) and PostgreSQL (durable
commits) have the other; our server runs with the defaults of production, access log and metrics on, and
`RATE_LIMIT_FACTOR=1000000`. Each peer is set up as its own documentation says, and hashes passwords as it does by
default: logins per second compare only with our floor, argon2 with our parameters in our build. The last column is
processor time as a multiple of ours.
"""


def render(results: Results, *, rounds: int) -> str:
    """Return the whole page."""
    return "\n".join(
        [
            _ABOUT,
            f"{_conditions(results, rounds)}\n",
            "## Targets\n",
            *_target_table(targets(results)),
            "\n![The same as bars](results.svg)\n",
            "## All measurements\n",
            *_measurement_table(results),
            "",
        ]
    )


def summary(results: Results) -> str:
    """Return the table of targets for a terminal."""
    return "\n".join(_target_table(targets(results)))


def _conditions(results: Results, rounds: int) -> str:
    loudest = max((each.strangers for each in results.measurements), default=0.0)
    noise = (
        f"**Others used up to {loudest:.0%} of the server's processor meanwhile**: rates are too low, and by how much "
        "differs; ratios of processor time (last column) suffer least."
        if loudest > QUIET
        else "Nobody else used the server's processor meanwhile."
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "litestar", "asyncpg", "piccolo"))
    return (
        f"{utc_now():%Y-%m-%d}, auth_api {__version__} at `{_commit()}`, {rounds} rounds; {machine.model()}, "
        f"{os.cpu_count()} processors, Linux {platform.release()}, Python {platform.python_version()}, {packages}. "
        f"{noise}"
    )


def _commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _target_table(lines: Iterable[Target]) -> list[str]:
    marks = {True: "yes", False: "**no**", None: "not measured"}
    table = ["| workload | target | measured | by processor time | met |", "| --- | --- | ---: | ---: | --- |"]
    for line in lines:
        measured = "" if line.measured is None else f"{line.measured:,.3g}{line.unit}"
        if line.measured is not None and line.measured >= 1000:  # noqa: PLR2004 - no exponents
            measured = f"{line.measured:,.0f}{line.unit}"
        by_processor = f"{line.by_processor:.3g}{line.unit}" if line.by_processor else ""
        table.append(f"| {line.subject} | {line.promise} | {measured} | {by_processor} | {marks[line.is_met]} |")
    return table


def _measurement_table(results: Results) -> Sequence[str]:
    table = [
        "| workload | contestant | per second | p50 ms | p99 ms | µs of processor each | others' share | ours = 1 |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for workload in WORKLOADS:
        ours = results.find(OURS, workload)
        for each in results.measurements:
            if each.workload == workload:
                ratio = f"{each.cpu / ours.cpu:.2f}" if ours and ours.cpu and each.cpu else ""
                table.append(
                    f"| {workload} | {each.name} | {each.rate:,.0f} | {_shown(each.p50)} | {_shown(each.p99)} "
                    f"| {_shown(each.cpu)} | {each.strangers:.0%} | {ratio} |"
                )
    return table


def _shown(number: float) -> str:
    return "" if not number else f"{number:,.0f}" if number >= 100 else f"{number:.2f}"  # noqa: PLR2004
