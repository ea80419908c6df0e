"""A third verdict for the breaker: an error that says nothing about the service."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from auth_api.kit.errors import ServerOverloadedException

P = ParamSpec("P")
T = TypeVar("T")


class NoVerdict(BaseException):
    """Carries an error past aiobreaker, for which every exception is either an outage or a success."""

    def __init__(self, error: ServerOverloadedException) -> None:
        super().__init__()
        self.error = error


def without_verdict(func: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Let a full queue before the service say nothing about the service: neither that it fails nor that it works."""

    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await func(*args, **kwargs)
        except ServerOverloadedException as error:
            raise NoVerdict(error) from error

    return call
