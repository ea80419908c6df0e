"""Outcomes of guarded calls: which function failed, and errors that are neither an outage nor a success."""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

from auth_api.kit.errors import ServerOverloadedException

P = ParamSpec("P")
T = TypeVar("T")

_NEUTRAL: Final = "is_neutral_for_breakers"


class GuardedCall:
    """One call to a service. A transaction is one call, whatever number of guarded functions it runs.

    Args:
        function: the function that is called.
        epoch: the breaker's epoch when the call began; see `ServiceBreaker`.
    """

    def __init__(self, function: Callable[..., Any], epoch: int) -> None:
        self.epoch = epoch
        self._function = function
        self._failed: tuple[Exception, Callable[..., Any]] | None = None

    def record_failure(self, error: Exception, function: Callable[..., Any]) -> None:
        """Store which function raised an error; the innermost one is the first to record it."""
        if self._failed is None or self._failed[0] is not error:
            self._failed = (error, function)

    def function_of(self, error: BaseException) -> Callable[..., Any]:
        """Return the guarded function that raised the error."""
        if self._failed is not None and self._failed[0] is error:
            return self._failed[1]
        return self._function


current_calls: ContextVar[Mapping[str, GuardedCall]] = ContextVar("current_calls", default={})  # noqa: B039 - never changed, only replaced
"""The guarded calls that contain the running code, by service."""


class NeutralError(BaseException):
    """Wraps an error that is neither an outage nor a success.

    Not an `Exception`: aiobreaker counts each of those as one or the other.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def mark_neutral(error: BaseException) -> None:
    """Exclude an error from the breaker's decision, for example because its cause has been counted already."""
    setattr(error, _NEUTRAL, True)


async def wrap_neutral_errors(func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await the function.

    Raises:
        NeutralError: the function raised an error that is marked as neutral, or the queue before the service was full.
    """
    try:
        return await func(*args, **kwargs)
    except Exception as error:
        if isinstance(error, ServerOverloadedException) or hasattr(error, _NEUTRAL):
            raise NeutralError(error) from error
        raise
