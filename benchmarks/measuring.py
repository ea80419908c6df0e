"""Take single measurements, and repeat them in rounds."""

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
from benchmarks.load import Driven, WrongResponseError, drive, driving
from benchmarks.machine import Meter, Usage, pinned, proportional_memory

CALM: Final = "profile without other load"
SATURATED: Final = "profile while logins saturate the core"

CONNECTIONS: Final = {LOGIN: 3, REGISTER: 3}
"""Connections of workloads that need a hash (others: 16; plus two per further core), so that no hash waits for 1 s."""

MAX_ATTEMPTS: Final = 4
"""A server whose processor is used by other programs may refuse logins, which voids a measurement."""

PACE: Final = 20
"""Milliseconds between two requests on each of the four connections whose latency is measured."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one contestant at one workload.

    Attributes:
        name: name of the contestant.
        workload: name of the workload.
        rate: responses per second.
        p50: median latency in milliseconds.
        p99: 99th percentile of the latency in milliseconds.
        cpu: processor time of the whole server per response in microseconds; 0 if unknown.
        busiest: the same for its busiest process, which limits the rate.
        others_share: share of the server's processors that other programs used.
    """

    name: str
    workload: str
    rate: float
    p50: float = 0.0
    p99: float = 0.0
    cpu: float = 0.0
    busiest: float = 0.0
    others_share: float = 0.0


@dataclass(frozen=True)
class Entry:
    """A measurement that is taken once per round."""

    name: str
    workload: str
    measure: Callable[[int], Measurement]


def driven(contestant: Contestant, workload: str, seconds: float) -> Entry:
    """Return a measurement with as many requests as the workload's connections can send."""

    def measure(turn: int) -> Measurement:
        traffic, service = contestant.traffic[workload](turn), contestant.service
        meter = Meter(service.pid, service.cores)
        connections = CONNECTIONS.get(workload, 16) + 2 * (len(service.cores) - 1)
        seen = drive(service.port, traffic, connections=connections, seconds=seconds)
        return _measurement(contestant.name, workload, seen, meter.read())

    return Entry(contestant.name, workload, measure)


def paced(contestant: Contestant, seconds: float, *, saturated: bool) -> Entry:
    """Return a measurement of the latency of profiles, with or without logins that saturate the core."""
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
    """Return a measurement of the machine without a server."""

    def measure(_: int) -> Measurement:
        command = [sys.executable, "-m", "benchmarks.raw", *arguments, str(seconds)]
        done = subprocess.run(pinned(command, cores), capture_output=True, text=True, check=True)
        return Measurement(name=name, workload=workload, rate=float(done.stdout))

    return Entry(name, workload, measure)


def rounds(entries: Sequence[Entry], count: int, report: Callable[[str], None]) -> list[Measurement]:
    """Take all measurements in turn, `count` times, and return the medians.

    A short disturbance of the machine then affects only one of several measurements.
    """
    seen: dict[tuple[str, str], list[Measurement]] = {}
    for turn in range(count):
        for entry in entries:
            measured = _measured(entry, turn, report)
            seen.setdefault((entry.name, entry.workload), []).append(measured)
            report(
                f"{turn + 1}/{count}  {measured.workload:<40} {measured.name:<28} {measured.rate:>9,.0f}/s"
                f"  p99 {measured.p99:>8.1f} ms  {measured.cpu:>8,.0f} us CPU  others {measured.others_share:>4.0%}"
            )
    return [_median(several) for several in seen.values()]


def _measured(entry: Entry, turn: int, report: Callable[[str], None]) -> Measurement:
    """Take a measurement, and repeat it if a wrong response voided it.

    Raises:
        WrongResponseError: each attempt had a wrong response.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return entry.measure(turn)
        except WrongResponseError as error:
            report(f"{entry.workload}, {entry.name}: void, and measured again. {error}")
            time.sleep(1)
    return entry.measure(turn)


def memory_after_load(contestant: Contestant, seconds: float) -> tuple[float, float]:
    """Return the memory (PSS, in megabytes) of a worker in the middle and at the end of a mixed load."""
    service = contestant.service
    with ExitStack() as stack:
        for workload, connections in ((REFRESH, 2), (LOGIN, 1), (PROFILE, 4)):
            traffic = contestant.traffic[workload](0)
            stack.enter_context(driving(service.port, traffic, connections=connections, seconds=seconds))
        time.sleep(seconds / 2)
        halfway = max(map(proportional_memory, service.workers))
    return halfway, max(map(proportional_memory, service.workers))


def started(make: Callable[[], Contestant], times: int) -> tuple[float, float]:
    """Start a server several times.

    Returns:
        The median time to the first response in seconds, and the memory of a worker (PSS) in megabytes.
    """
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
        others_share=usage.others_share,
    )


def _median(several: Sequence[Measurement]) -> Measurement:
    """Return the median of each number separately."""
    numbers = {
        field: median(getattr(each, field) for each in several)
        for field in ("rate", "p50", "p99", "cpu", "busiest", "others_share")
    }
    return Measurement(name=several[0].name, workload=several[0].workload, **numbers)
