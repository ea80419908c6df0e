"""What the kit itself counts: requests, hashes, the database, breakers, the process."""

import platform
from collections.abc import Callable
from typing import Final

from auth_api.kit.prometheus import NAMESPACE, Counter, Gauge, Histogram, counter, gauge, histogram, registry

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
