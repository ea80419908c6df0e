"""Which guarded call the running code belongs to, and which of its functions failed."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

calls_under_way: ContextVar[Mapping[str, "GuardedCall"]] = ContextVar("guarded_calls", default={})  # noqa: B039 - never changed, only replaced
"""The calls that the running code is part of, by service."""


class GuardedCall:
    """One call to a service. A transaction is one, however many guarded functions run in it.

    Args:
        function: what is called.
        epoch: the breaker's when the call began; an outcome from an earlier epoch is stale.
    """

    def __init__(self, function: Callable[..., Any], epoch: int) -> None:
        self.epoch = epoch
        self._function = function
        self._failed: tuple[Exception, Callable[..., Any]] | None = None

    def note(self, error: Exception, function: Callable[..., Any]) -> None:
        """Remember where an error came from: the first to note it is the innermost."""
        if self._failed is None or self._failed[0] is not error:
            self._failed = (error, function)

    def function_of(self, error: BaseException) -> Callable[..., Any]:
        """Return the guarded function that raised the error."""
        if self._failed is not None and self._failed[0] is error:
            return self._failed[1]
        return self._function
