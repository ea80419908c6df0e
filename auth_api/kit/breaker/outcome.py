"""A third verdict for the breaker: an error that says nothing (new) about the service."""

from collections.abc import Awaitable, Callable
from typing import Final, ParamSpec, TypeVar

from auth_api.kit.errors import ServerOverloadedException

P = ParamSpec("P")
T = TypeVar("T")

_MARK: Final = "says_nothing_about_the_service"


class NoVerdict(BaseException):
    """Carries an error past aiobreaker, for which every exception is either an outage or a success."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def deny_verdict(error: BaseException) -> None:
    """Say of an error that the breaker shall draw nothing from it, such as one that tells what is known already."""
    setattr(error, _MARK, True)


async def without_verdict(func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Let such an error, and a full queue before the service, say neither that the service fails nor that it works."""
    try:
        return await func(*args, **kwargs)
    except Exception as error:
        if isinstance(error, ServerOverloadedException) or hasattr(error, _MARK):
            raise NoVerdict(error) from error
        raise
