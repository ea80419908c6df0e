"""Counts for Prometheus: how collectors are made, and their text form.

Collectors belong to the process, as its log does: every application in it counts into the same ones. A label takes its
values from a fixed set (a route's template, never a path; an outcome, never a name), so neither a stranger's input nor
anything personal becomes a series, and their number is bounded. What is known beforehand exists from the start, at
zero: an increase from nothing is none to Prometheus.

With several worker processes each one writes its values into files of the folder that PROMETHEUS_MULTIPROC_DIR names,
and whoever is asked sums them up. The library looks at that variable when it is imported; `metrics_server` sets it for
the workers before they start.
"""

import os
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import prometheus_client
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

NAMESPACE: Final = "auth_api"
CONTENT_TYPE: Final = "text/plain; version=0.0.4"
"""Of the exposition; its charset is UTF-8."""

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds in seconds: a token check takes a millisecond or two, a login a few dozen; longer waits are cut off."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # as many series again, which say only when each one began

registry: Final = CollectorRegistry()


class _Changes:
    """By how much the library's values have changed since it was told.

    Every request changes several numbers, and the library takes five calls and a write into a file for each. So changes
    are added up here, and the library is told the sums: once a second, and before anybody reads. What a process has not
    told when it is killed is lost.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with nothing: also in a forked process, as its parent tells what there was."""
        self.sums: defaultdict[Any, float] = defaultdict(float)
        self.adding = threading.Lock()
        self._telling = threading.Lock()

    def tell(self) -> None:
        """Tell the library; when this returns, it knows all that was added before."""
        with self._telling:
            nothing: defaultdict[Any, float] = defaultdict(float)
            with self.adding:  # nothing is made in here: to collect garbage may run what counts
                sums, self.sums = self.sums, nothing
            for value, change in sums.items():
                value.inc(change)


_changes: Final = _Changes()
tell: Final = _changes.tell

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_changes.begin)


class Counter(prometheus_client.Counter):
    """A counter."""

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:  # noqa: ARG002 - the library's
        """Count."""
        with _changes.adding:
            _changes.sums[self._value] += amount


class Gauge(prometheus_client.Gauge):
    """A gauge, which is either changed or set."""

    def inc(self, amount: float = 1) -> None:
        """Make it greater."""
        with _changes.adding:
            _changes.sums[self._value] += amount

    def dec(self, amount: float = 1) -> None:
        """Make it less."""
        with _changes.adding:
            _changes.sums[self._value] -= amount


class Histogram(prometheus_client.Histogram):
    """A histogram."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:  # noqa: ARG002 - the library's
        """Count an observation in its bucket, the least one that it is not above."""
        bucket = self._buckets[bisect_left(self._upper_bounds, amount)]
        with _changes.adding:
            _changes.sums[self._sum] += amount
            _changes.sums[bucket] += 1


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
    """Make a counter; Prometheus sees it as `auth_api_NAME_total`."""
    return Counter(name, documentation, labels, namespace=NAMESPACE, registry=registry)


def counters(name: str, documentation: str, label: str, values: Sequence[str]) -> Mapping[str, Counter]:
    """Make a counter with one label and return its series by the label's value. All of them exist from the start."""
    parent = counter(name, documentation, [label])
    return {value: parent.labels(value) for value in values}


def gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
    """Make a gauge that adds up over the worker processes which are alive."""
    return Gauge(name, documentation, labels, namespace=NAMESPACE, registry=registry, multiprocess_mode="livesum")


def latest_gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
    """Make a gauge of something that all processes share: who looked last tells."""
    return Gauge(
        name, documentation, labels, namespace=NAMESPACE, registry=registry, multiprocess_mode="livemostrecent"
    )


def histogram(
    name: str, documentation: str, labels: Sequence[str] = (), buckets: Sequence[float] = _QUICK
) -> Histogram:
    """Make a histogram of seconds; the name ends in `_seconds`."""
    return Histogram(name, documentation, labels, namespace=NAMESPACE, registry=registry, buckets=buckets)


def exposition() -> bytes:
    """Return all values in Prometheus' text format: of this process, or of all workers, for which it reads files.

    Other workers' values are up to a second old.
    """
    tell()
    if FOLDER not in os.environ:
        return generate_latest(registry)
    of_all_workers = CollectorRegistry()
    MultiProcessCollector(of_all_workers, os.environ[FOLDER])  # type: ignore[no-untyped-call]
    return generate_latest(of_all_workers)


def forget_process(pid: int) -> None:
    """Drop the gauges of a worker that has ended. What it counted stays: a total never falls."""
    if FOLDER in os.environ:
        mark_process_dead(pid, os.environ[FOLDER])  # type: ignore[no-untyped-call]
