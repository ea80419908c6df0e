"""Counts for Prometheus: how collectors are made, those of the kit, and their text form.

Collectors belong to the process, as its log does: every application in it counts into the same ones. A label takes its
values from a fixed set (a route's template, never a path; an outcome, never a name), so neither a stranger's input nor
anything personal becomes a series, and their number is bounded. What is known beforehand exists from the start, at
zero: an increase from nothing is none to Prometheus.

With several worker processes each one writes its values into files of the folder that PROMETHEUS_MULTIPROC_DIR names,
and whoever is asked sums them up. The library looks at that variable when it is imported; `metrics_server` sets it for
the workers before they start.
"""

import os
import platform
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final

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


# Every request changes ten numbers. The library asks at each change whether the collector lacks labels, and looks for
# the bucket from below; one that lacks labels has no value either.


class Counter(prometheus_client.Counter):
    """A counter."""

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:  # noqa: ARG002 - the library's
        """Count."""
        self._value.inc(amount)


class Gauge(prometheus_client.Gauge):
    """A gauge."""

    def inc(self, amount: float = 1) -> None:
        """Make it greater."""
        self._value.inc(amount)

    def dec(self, amount: float = 1) -> None:
        """Make it less."""
        self._value.inc(-amount)


class Histogram(prometheus_client.Histogram):
    """A histogram."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:  # noqa: ARG002 - the library's
        """Count an observation in its bucket, the least one that it is not above."""
        self._sum.inc(amount)
        self._buckets[bisect_left(self._upper_bounds, amount)].inc(1)


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
    """Return all values in Prometheus' text format: of this process, or of all workers, for which it reads files."""
    if FOLDER not in os.environ:
        return generate_latest(registry)
    of_all_workers = CollectorRegistry()
    MultiProcessCollector(of_all_workers, os.environ[FOLDER])  # type: ignore[no-untyped-call]
    return generate_latest(of_all_workers)


def forget_process(pid: int) -> None:
    """Drop the gauges of a worker that has ended. What it counted stays: a total never falls."""
    if FOLDER in os.environ:
        mark_process_dead(pid, os.environ[FOLDER])  # type: ignore[no-untyped-call]


# Requests.

REQUESTS_IN_PROGRESS: Final = gauge("http_requests_in_progress", "Requests being answered right now.")

_REQUESTS: Final = counter(
    "http_requests",
    "Requests by method, route template (unmatched: no route has the path) and status (499: the client had gone).",
    ["method", "route", "status"],
)
_REQUEST_DURATION: Final = histogram(
    "http_request_duration_seconds", "Time from a request's headers to the end of its answer.", ["method", "route"]
)

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_request_series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def count_request(*, method: str, route: str | None, status: int, seconds: float) -> None:
    """Count an answered request.

    Args:
        method: as sent; one that HTTP does not know counts as `other`.
        route: the template, not the path; None where no route has the path.
        status: of the answer.
        seconds: how long it took.
    """
    key = (method if method in _METHODS else "other", route or "unmatched", status)
    series = _request_series.get(key)
    if series is None:
        series = _request_series[key] = (_REQUESTS.labels(*key), _REQUEST_DURATION.labels(*key[:2]))
    requests, duration = series
    requests.inc()
    duration.observe(seconds)


LIMIT_REFUSALS: Final = counter(
    "limit_refusals",
    "Requests refused by a limit: one per address by its name, flood (per address and process), account (too many "
    "failed passwords from everywhere), account_network (from one network).",
    ["limit"],
)

# Password hashing.

HASHES_WAITING: Final = gauge("password_hashes_waiting", "Password hashes that wait for a thread.")
HASHES_REFUSED: Final = counter("password_hashes_refused", "Password hashes not begun because the queue was full.")
HASH_WAIT: Final = histogram("password_hash_wait_seconds", "Time that a password hash waited for a thread.")
HASH_DURATION: Final = histogram("password_hash_duration_seconds", "Time that a password hash took in its thread.")

# The database.

CONNECTIONS_IN_USE: Final = gauge("database_connections_in_use", "Places of the connection pool in use.", ["pool"])
CONNECTIONS_MAX: Final = gauge("database_connections_max", "Places that the connection pool has.", ["pool"])
CONNECTION_WAIT: Final = histogram(
    "database_connection_wait_seconds", "Time that work waited for a place of the connection pool.", ["pool"]
)
CONNECTION_TIMEOUTS: Final = counter(
    "database_connection_timeouts", "Work that was given up because no place of the pool became free.", ["pool"]
)
TRANSACTIONS_RETRIED: Final = counter(
    "database_transactions_retried", "Transactions begun again after a deadlock or a serialization conflict."
)

# Circuit breakers.

BREAKER_STATES: Final = ("closed", "open", "half-open")

_BREAKER_STATE: Final = gauge(
    "circuit_breaker_state", "Processes whose circuit breaker is in this state.", ["service", "state"]
)
_BREAKER_TRANSITIONS: Final = counter(
    "circuit_breaker_transitions", "Changes of a circuit breaker into this state.", ["service", "state"]
)
_BREAKER_FAILURES: Final = counter(
    "circuit_breaker_failures",
    "Calls to a service that failed as in an outage, by function.",
    ["service", "function"],
)


def show_breaker(service: str, state: str) -> None:
    """Show in which state a breaker is."""
    for each in BREAKER_STATES:
        _BREAKER_STATE.labels(service, each).set(each == state)
        _BREAKER_TRANSITIONS.labels(service, each)


def count_failure(service: str, function: Callable[..., object]) -> str:
    """Count a failure of this function, and return the name that it counts under."""
    name: str = getattr(function, "__name__", "unnamed").lstrip("_")
    _BREAKER_FAILURES.labels(service, name).inc()
    return name


def count_transition(service: str, state: str) -> None:
    """Count a breaker's change into a state, and show it."""
    show_breaker(service, state)
    _BREAKER_TRANSITIONS.labels(service, state).inc()


# The process.

LOG_LINES_DROPPED: Final = counter("log_lines_dropped", "Log lines lost because the pipe took them too slowly.")
LOOP_LAG: Final = histogram("event_loop_lag_seconds", "How late the event loop woke a task that slept for a second.")

_BUILD: Final = Gauge(
    "build_info",
    "Always 1; its labels tell what runs.",
    ["version", "python"],
    namespace=NAMESPACE,
    registry=registry,
    multiprocess_mode="livemax",
)


def show_build(version: str) -> None:
    """Show which version runs on which Python."""
    _BUILD.labels(version, platform.python_version()).set(1)
