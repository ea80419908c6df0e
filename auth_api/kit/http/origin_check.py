"""Refuse requests to pages that another website made a browser send."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request

from auth_api.kit.errors import CrossSiteRequestException
from auth_api.kit.http.same_origin import cross_site_rule
from auth_api.kit.metrics import CROSS_SITE_REFUSALS

CHECKS_ORIGIN: Final = "checks_origin"
"""Key of a handler's `opt`: the route accepts only requests of this server's own pages, unless they change nothing."""

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Check = Callable[[Request[Any, Any, Any]], Awaitable[None]]


def origin_check(own_origin: str, *, then: Check) -> Check:
    """Return the check of all routes, which runs before the body is read and before a limit counts the request.

    Args:
        own_origin: the origin of this server's pages.
        then: the next check.
    """

    async def check(request: Request[Any, Any, Any]) -> None:
        is_page = request.scope["route_handler"].opt.get(CHECKS_ORIGIN)
        if is_page and request.method not in _SAFE_METHODS:
            rule = cross_site_rule(request.scope["headers"], own_origin)
            if rule is not None:
                CROSS_SITE_REFUSALS.labels("page", rule).inc()
                raise CrossSiteRequestException(rule)
        await then(request)

    return check
