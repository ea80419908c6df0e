"""Write RESULTS.md."""

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

MAX_OTHERS_SHARE: Final = 0.05
"""Share of the server's processor that other programs may use before the page warns about it."""

_ABOUT: Final = """# Benchmark results

Written by `make bench`; [docs/performance.md](../docs/performance.md) explains what is measured and why. Each number is
the median of rounds in which all contestants took turns. Every response was checked; a wrong one voids a measurement,
which is then repeated. The server runs on one processor, client (wrk) and PostgreSQL (durable commits) on the other.
auth_api runs with the defaults of production, access log and metrics included, and `RATE_LIMIT_FACTOR=1000000`. Each
peer is configured as its documentation shows, and hashes passwords with its defaults: logins per second compare only
with the floor, argon2 with our parameters in our build. The last column is processor time as a multiple of auth_api's.
"""


def render(results: Results, *, rounds: int) -> str:
    """Return the whole page."""
    return "\n".join(
        [
            _ABOUT,
            f"{_conditions(results, rounds)}\n",
            "## Targets\n",
            *_target_table(targets(results)),
            "\n![The results as bars](results.svg)\n",
            "## All measurements\n",
            *_measurement_table(results),
            "",
        ]
    )


def summary(results: Results) -> str:
    """Return the table of targets for a terminal."""
    return "\n".join(_target_table(targets(results)))


def _conditions(results: Results, rounds: int) -> str:
    largest = max((each.others_share for each in results.measurements), default=0.0)
    noise = (
        f"**Other programs used up to {largest:.0%} of the server's processor**: rates are too low by varying amounts; "
        "ratios of processor time (last column) are affected least."
        if largest > MAX_OTHERS_SHARE
        else "No other program used the server's processor."
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
        if line.measured is not None and line.measured >= 1000:  # noqa: PLR2004 - no exponent
            measured = f"{line.measured:,.0f}{line.unit}"
        by_processor = f"{line.by_processor:.3g}{line.unit}" if line.by_processor else ""
        table.append(f"| {line.subject} | {line.target} | {measured} | {by_processor} | {marks[line.is_met]} |")
    return table


def _measurement_table(results: Results) -> Sequence[str]:
    table = [
        "| workload | contestant | per second | p50 ms | p99 ms | processor µs each | others' share | auth_api = 1 |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for workload in WORKLOADS:
        ours = results.find(OURS, workload)
        for each in results.measurements:
            if each.workload == workload:
                ratio = f"{each.cpu / ours.cpu:.2f}" if ours and ours.cpu and each.cpu else ""
                table.append(
                    f"| {workload} | {each.name} | {each.rate:,.0f} | {_shown(each.p50)} | {_shown(each.p99)} "
                    f"| {_shown(each.cpu)} | {each.others_share:.0%} | {ratio} |"
                )
    return table


def _shown(number: float) -> str:
    return "" if not number else f"{number:,.0f}" if number >= 100 else f"{number:.2f}"  # noqa: PLR2004
