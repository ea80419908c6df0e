"""Counts requests to routes that name a limit, and tells on every answer what is left."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from litestar import Request

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.scope_keys import EXTRA_HEADERS, request_context_of
from auth_api.kit.metrics import LIMIT_REFUSALS

LIMIT: Final = "rate_limit"
"""The key of a handler's `opt` that names its limit."""


class Budget(Protocol):
    """What is left of a limit."""

    @property
    def is_exceeded(self) -> bool:
        """Tell whether this request is one too many."""

    @property
    def retry_after(self) -> float:
        """Seconds until a refused request may be sent again."""

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says about it."""


Spend = Callable[[str, str | None], Awaitable[Budget | None]]
"""Counts one request of a kind from an address."""

Check = Callable[[Request[Any, Any, Any]], Awaitable[None]]


def limit_check(spend: Spend, refusal: Callable[[float], ApplicationException]) -> Check:
    """Make the check for all routes. It runs before a body is read.

    It is no guard of Litestar's: each of those costs a copy of the handler at every request.

    Args:
        spend: counts.
        refusal: makes the error for one that has to wait so many seconds.
    """

    async def check(request: Request[Any, Any, Any]) -> None:
        name = request.scope["route_handler"].opt.get(LIMIT)
        if name is None:
            return
        budget = await spend(name, request_context_of(request.scope).ip_address)
        if budget is not None:
            request.scope["state"][EXTRA_HEADERS] = budget.headers
            if budget.is_exceeded:
                LIMIT_REFUSALS.labels(name).inc()
                raise refusal(budget.retry_after)

    return check
