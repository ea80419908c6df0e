"""Single measurements, and the rounds in which they take turns."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import msgspec

from benchmarks.contestants import LOGIN, PROFILE, REFRESH, REGISTER, Contestant
from benchmarks.load import Driven, WrongAnswerError, drive, driving
from benchmarks.machine import Meter, Usage, pinned, proportional_memory

CALM: Final = "profile, nothing else"
SATURATED: Final = "profile while logins saturate the core"

CONNECTIONS: Final = {LOGIN: 3, REGISTER: 3}
"""At once, where it is not 16, and two more for a second core: whoever hashes them, none waits for a second."""

ATTEMPTS: Final = 4
"""A server whose hashes others keep from the processor refuses some: that is right, and no measurement."""

PACE: Final = 20
"""Milliseconds between two requests of one of the four connections whose latency is measured: a load, no flood."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant at one workload.

    Attributes:
        name: of the contestant.
        workload: what it was asked.
        rate: right answers per second.
        p50: milliseconds within which half of the answers came.
        p99: and nearly all of them.
        cpu: microseconds of processor time of the whole server per answer; 0 if unknown.
        busiest: the same of its busiest process: what limits it.
        strangers: share of the server's processors that others used meanwhile.
    """

    name: str
    workload: str
    rate: float
    p50: float = 0.0
    p99: float = 0.0
    cpu: float = 0.0
    busiest: float = 0.0
    strangers: float = 0.0


@dataclass(frozen=True)
class Entry:
    """A measurement that takes its turn in each round."""

    name: str
    workload: str
    measure: Callable[[int], Measurement]


def driven(contestant: Contestant, workload: str, seconds: float) -> Entry:
    """Ask as much as so many connections can."""

    def measure(turn: int) -> Measurement:
        traffic, service = contestant.traffic[workload](turn), contestant.service
        meter = Meter(service.pid, service.cores)
        connections = CONNECTIONS.get(workload, 16) + 2 * (len(service.cores) - 1)
        seen = drive(service.port, traffic, connections=connections, seconds=seconds)
        return _measurement(contestant.name, workload, seen, meter.read())

    return Entry(contestant.name, workload, measure)


def paced(contestant: Contestant, seconds: float, *, saturated: bool) -> Entry:
    """Ask for profiles now and then, alone or while logins take all that is left of the core."""
    workload = SATURATED if saturated else CALM

    def measure(turn: int) -> Measurement:
        profiles, service = replace(contestant.traffic[PROFILE](turn), pause=PACE), contestant.service
        with ExitStack() as stack:
            if saturated:
                logins = contestant.traffic[LOGIN](turn)
                stack.enter_context(driving(service.port, logins, connections=CONNECTIONS[LOGIN], seconds=seconds + 2))
                time.sleep(1)
            meter = Meter(service.pid, service.cores)
            seen = drive(service.port, profiles, connections=4, seconds=seconds)
            usage = meter.read()
        return _measurement(contestant.name, workload, seen, usage)

    return Entry(contestant.name, workload, measure)


def raw(name: str, workload: str, arguments: Sequence[str], cores: Iterable[int], seconds: float) -> Entry:
    """Ask the machine itself."""

    def measure(_: int) -> Measurement:
        command = [sys.executable, "-m", "benchmarks.raw", *arguments, str(seconds)]
        done = subprocess.run(pinned(command, cores), capture_output=True, text=True, check=True)
        return Measurement(name=name, workload=workload, rate=float(done.stdout))

    return Entry(name, workload, measure)


def rounds(entries: Sequence[Entry], count: int, tell: Callable[[str], None]) -> list[Measurement]:
    """Let all take turns, so many times: what disturbs one moment disturbs nobody alone. Returns the medians."""
    seen: dict[tuple[str, str], list[Measurement]] = {}
    for turn in range(count):
        for entry in entries:
            measured = _measured(entry, turn, tell)
            seen.setdefault((entry.name, entry.workload), []).append(measured)
            tell(
                f"{turn + 1}/{count}  {measured.workload:<40} {measured.name:<28} {measured.rate:>9,.0f}/s"
                f"  p99 {measured.p99:>8.1f} ms  {measured.cpu:>8,.0f} us CPU  others {measured.strangers:>4.0%}"
            )
    return [_median(several) for several in seen.values()]


def _measured(entry: Entry, turn: int, tell: Callable[[str], None]) -> Measurement:
    """Measure again what a wrong answer voided.

    Raises:
        WrongAnswerError: there was one each time.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return entry.measure(turn)
        except WrongAnswerError as error:
            tell(f"{entry.workload}, {entry.name}: void, and measured again. {error}")
            time.sleep(1)
    return entry.measure(turn)


def memory_after_load(contestant: Contestant, seconds: float) -> tuple[float, float]:
    """Return the megabytes (PSS) of a worker in the middle and at the end of so many seconds of mixed load."""
    service = contestant.service
    with ExitStack() as stack:
        for workload, connections in ((REFRESH, 2), (LOGIN, 1), (PROFILE, 4)):
            traffic = contestant.traffic[workload](0)
            stack.enter_context(driving(service.port, traffic, connections=connections, seconds=seconds))
        time.sleep(seconds / 2)
        halfway = max(map(proportional_memory, service.workers))
    return halfway, max(map(proportional_memory, service.workers))


def started(make: Callable[[], Contestant], times: int) -> tuple[float, float]:
    """Start a server so many times. Returns the median of its first answers' times, and a worker's memory (PSS)."""
    seconds, memory = [], 0.0
    for _ in range(times):
        with make().service as service:
            seconds.append(service.started_within)
            time.sleep(1)
            memory = max(map(proportional_memory, service.workers))
    return median(seconds), memory


def _measurement(name: str, workload: str, seen: Driven, usage: Usage) -> Measurement:
    return Measurement(
        name=name,
        workload=workload,
        rate=seen.rate,
        p50=seen.p50,
        p99=seen.p99,
        cpu=usage.total / seen.responses * 1e6,
        busiest=usage.busiest / seen.responses * 1e6,
        strangers=usage.strangers,
    )


def _median(several: Sequence[Measurement]) -> Measurement:
    """Return the median of each number on its own."""
    numbers = {
        field: median(getattr(each, field) for each in several)
        for field in ("rate", "p50", "p99", "cpu", "busiest", "strangers")
    }
    return Measurement(name=several[0].name, workload=several[0].workload, **numbers)
