"""Log lines and metrics of circuit breakers."""

from collections.abc import Callable
from typing import Any

from loguru import logger

from auth_api.kit.metrics import count_failure, count_transition


def report_state(service: str, state: str, failures: int) -> None:
    """Log and count a change into a state: `closed`, `open` or `half-open`."""
    count_transition(service, state)
    log = logger.bind(event="breaker:state_changed", service=service, state=state, failures=failures)
    log.log("WARNING" if state == "open" else "INFO", "circuit breaker changed state")


def report_failure(service: str, function: Callable[..., Any], error: BaseException, failures: int) -> None:
    """Log and count a failed call. The error's text is left out: it may quote rows.

    Args:
        service: the service that failed.
        function: the guarded function that raised the error.
        error: the error.
        failures: number of consecutive failures, this one included.
    """
    count_failure(service, function)
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    meaning = getattr(error, "meaning", None)  # of a failure to send a mail
    logger.bind(
        event="breaker:call_failed",
        service=service,
        function=f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}",
        error_type=type(error).__name__,
        failures=failures,
        **({"database_code": code} if code else {}),
        **({"meaning": meaning} if meaning else {}),
    ).warning("service call failed")
