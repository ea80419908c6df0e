"""What a breaker tells the log, the metrics, and whoever else counts."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from loguru import logger

from auth_api.kit.metrics import count_failure, count_transition, set_breaker_state


class BreakerObserver(Protocol):
    """Is told of every change of state and every failure, for counting. Must neither wait nor raise."""

    def state_changed(self, service: str, state: str) -> None:
        """Note that a breaker is `closed`, `open` or `half-open` from now on."""

    def call_failed(self, service: str, function: str, error: BaseException) -> None:
        """Note that a call failed because the service is down; `function` is `module.name` of the guarded function."""


class BreakerReports:
    """Tells the log, the metrics and the observers of one service's breaker."""

    def __init__(self, service: str, observers: Sequence[BreakerObserver]) -> None:
        self._service = service
        self._observers = tuple(observers)
        set_breaker_state(service, "closed")

    def state_changed(self, state: str, failures: int) -> None:
        """Report a change of state."""
        count_transition(self._service, state)
        log = logger.bind(event="breaker:state", service=self._service, state=state, failures=failures)
        log.log("WARNING" if state == "open" else "INFO", "circuit breaker changed state")
        for observer in self._observers:
            observer.state_changed(self._service, state)

    def call_failed(self, function: Callable[..., Any], error: BaseException, failures: int) -> None:
        """Report a failure. The error's text stays out: it may quote rows."""
        count_failure(self._service, function)
        place = f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
        code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
        logger.bind(
            event="breaker:failure",
            service=self._service,
            function=place,
            error=type(error).__name__,
            failures=failures,
            **({"code": code} if code else {}),
        ).warning("service call failed")
        for observer in self._observers:
            observer.call_failed(self._service, place, error)
