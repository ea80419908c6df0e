"""Metrics of the kit: requests, password hashes, database, circuit breakers, process."""

import platform
from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from auth_api.kit.prometheus import NAMESPACE, counter, gauge, histogram, registry

# Requests.

REQUESTS_IN_PROGRESS: Final = gauge("http_requests_in_progress", "Requests in progress.")

_REQUESTS: Final = counter(
    "http_requests",
    "Requests by method, route template (unmatched: no route has the path) and status (499: the client disconnected).",
    ["method", "route", "status"],
)
_REQUEST_DURATION: Final = histogram(
    "http_request_duration_seconds",
    "Time from the headers of a request to the end of its response.",
    ["method", "route"],
)

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_request_series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def count_request(*, method: str, route: str | None, status: int, seconds: float) -> None:
    """Count a finished request.

    Args:
        method: as sent; a method that HTTP does not define is counted as `other`.
        route: the route template, not the path; None if no route matches.
        status: status code of the response.
        seconds: duration.
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
    "Requests refused by a limit: a limit per client IP by its name, flood (per client IP and process), account (too "
    "many failed passwords from all networks), account_network (from one network).",
    ["limit"],
)

CROSS_SITE_REFUSALS: Final = counter(
    "cross_site_refusals",
    "Requests refused because another website sent them, by surface (page, cookie_mode) and rule: cross_site "
    "(Sec-Fetch-Site), origin_not_allowed (Origin), origin_missing.",
    ["surface", "rule"],
)
for _rule in ("cross_site", "origin_not_allowed", "origin_missing"):
    CROSS_SITE_REFUSALS.labels("page", _rule)
    CROSS_SITE_REFUSALS.labels("cookie_mode", _rule)

# Password hashing.

HASHES_WAITING: Final = gauge("password_hashes_waiting", "Password hashes that wait for a thread.")
HASHES_REFUSED: Final = counter("password_hashes_refused", "Password hashes refused because the queue was full.")
HASH_WAIT: Final = histogram("password_hash_wait_seconds", "Time that a password hash waited for a thread.")
HASH_DURATION: Final = histogram("password_hash_duration_seconds", "Time that a password hash took in its thread.")

# The database.

CONNECTIONS_IN_USE: Final = gauge("database_connections_in_use", "Connections of the pool in use.", ["pool"])
CONNECTIONS_MAX: Final = gauge("database_connections_max", "Maximum number of connections of the pool.", ["pool"])
CONNECTION_WAIT: Final = histogram(
    "database_connection_wait_seconds", "Time that a request waited for a connection of the pool.", ["pool"]
)
CONNECTION_TIMEOUTS: Final = counter(
    "database_connection_timeouts",
    "Requests that failed because no connection of the pool became free in time.",
    ["pool"],
)
TRANSACTIONS_RETRIED: Final = counter(
    "database_transactions_retried", "Transactions retried after a deadlock or a serialization conflict."
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


def set_breaker_state(service: str, state: str) -> None:
    """Record the state of a service's circuit breaker."""
    for each in BREAKER_STATES:
        _BREAKER_STATE.labels(service, each).set(each == state)
        _BREAKER_TRANSITIONS.labels(service, each)


def count_failure(service: str, function: Callable[..., object]) -> str:
    """Count a failed call of a function, and return the function's name in the metric."""
    name: str = getattr(function, "__name__", "unnamed").lstrip("_")
    _BREAKER_FAILURES.labels(service, name).inc()
    return name


def count_transition(service: str, state: str) -> None:
    """Count a change of a circuit breaker's state, and record the new state."""
    set_breaker_state(service, state)
    _BREAKER_TRANSITIONS.labels(service, state).inc()


# The OAuth provider.

OAUTH_REFUSALS: Final = counter(
    "oauth_refusals", "Requests of applications that were refused, by endpoint and error.", ["endpoint", "error"]
)

# The process.

LOG_LINES_DROPPED: Final = counter(
    "log_lines_dropped", "Log lines dropped because standard output was not read fast enough."
)
LOOP_LAG: Final = histogram(
    "event_loop_lag_seconds", "Delay with which the event loop woke a task that slept for a second."
)

_BUILD: Final = Gauge(
    "build_info",
    "Always 1; the labels are the versions of auth_api and Python.",
    ["version", "python"],
    namespace=NAMESPACE,
    registry=registry,
    multiprocess_mode="livemax",
)


def set_build_info(version: str) -> None:
    """Record the version of the application and of Python."""
    _BUILD.labels(version, platform.python_version()).set(1)
