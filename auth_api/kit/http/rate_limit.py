"""Count requests to the routes that name a limit, and show the remaining quota on every response."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from litestar import Request

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.scope_keys import EXTRA_HEADERS, LIMIT_REFUSAL, request_context_of
from auth_api.kit.metrics import LIMIT_REFUSALS

LIMIT: Final = "rate_limit"
"""Key of a handler's `opt` that names the limit of its route."""

RAISES_LIMIT_REFUSAL: Final = "raises_limit_refusal"
"""Key of a handler's `opt`: it raises the error itself, to show its form again.

The error is that of a request above the limit, of a request that cannot be counted as the database is unavailable, or
of a request whose route needs an overloaded resource.
"""


class Quota(Protocol):
    """A limit after this request was counted."""

    @property
    def is_exceeded(self) -> bool:
        """Whether this request is above the limit."""

    @property
    def retry_after(self) -> float:
        """Seconds until a refused request may be sent again."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the response that show the quota."""


CountRequest = Callable[[str, str | None, str | None], Awaitable[Quota | None]]
"""Counts one request, given the name of the limit, the client's IP address and the authenticated caller.

Returns None if limits are off.
"""

Check = Callable[[Request[Any, Any, Any]], Awaitable[None]]


def limit_check(count: CountRequest, refusal: Callable[[float], ApplicationException]) -> Check:
    """Return the check of all routes. It runs before the body is read.

    It is not a guard, since Litestar copies a handler with guards at every request.

    Args:
        count: counts a request.
        refusal: returns the error for a request above the limit, given the seconds until it may be sent again.
    """

    async def count_request(request: Request[Any, Any, Any], name: str) -> None:
        request_context = request_context_of(request.scope)
        quota = await count(name, request_context.client_ip, request_context.actor)
        if quota is not None:
            request.scope["state"][EXTRA_HEADERS] = quota.headers
            if quota.is_exceeded:
                LIMIT_REFUSALS.labels(name).inc()
                raise refusal(quota.retry_after)

    async def check(request: Request[Any, Any, Any]) -> None:
        options = request.scope["route_handler"].opt
        if (name := options.get(LIMIT)) is None:
            return
        try:
            await count_request(request, name)
        except ApplicationException as error:
            if not options.get(RAISES_LIMIT_REFUSAL):
                raise
            request.scope["state"][LIMIT_REFUSAL] = error

    return check
