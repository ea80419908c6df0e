"""Load shedding: requests are refused if their route needs a resource that is overloaded.

A route names its resource by the option `load_shedder`, as in `@post("/login", load_shedder="password_hashing")`. The
edge refuses its requests. Those of a page pass the edge, since only the page can show its form again.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from litestar import Litestar, Request
from litestar.routes import HTTPRoute
from litestar.utils import normalize_path

from auth_api.kit.errors import RetryLaterException
from auth_api.kit.http.rate_limit import RAISES_LIMIT_REFUSAL
from auth_api.kit.http.scope_keys import LIMIT_REFUSAL

LOAD_SHEDDER: Final = "load_shedder"
"""Key of a handler's `opt` that names the load shedder of its route. Every request to the route needs the resource."""


class LoadShedder(Protocol):
    """A resource with limited capacity."""

    def overload_error(self) -> RetryLaterException | None:
        """Return the error for one more request, or None while there is capacity for it."""

    def count_refusal(self) -> None:
        """Count a refused request in the metrics."""


RouteShedders = Mapping[tuple[str, str], LoadShedder]
"""Load shedders by method and path of a route."""

NO_SHEDDERS: Final[RouteShedders] = MappingProxyType({})

Check = Callable[[Request[Any, Any, Any]], Awaitable[None]]


def shedders_by_route(app: Litestar, shedders: Mapping[str, LoadShedder]) -> RouteShedders:
    """Read the option of all routes whose requests the edge refuses, once at startup.

    Args:
        app: the application with the routes.
        shedders: the load shedders by name.

    Raises:
        KeyError: a route names a load shedder that does not exist.
        ValueError: a route with path parameters names one; routes are found by their whole path.
    """
    found = {}
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            name = handler.opt.get(LOAD_SHEDDER)
            if name is None:
                continue
            if route.path_parameters:
                raise ValueError(route.path)
            shedder = shedders[name]
            if not handler.opt.get(RAISES_LIMIT_REFUSAL):
                found.update({(str(method), route.path): shedder for method in handler.http_methods})
    return found


def overload_check(shedders: Mapping[str, LoadShedder], *, then: Check) -> Check:
    """Return the check of the routes that raise the error themselves. A refused request is not counted by a limit.

    Args:
        shedders: the load shedders by name.
        then: the next check.
    """

    async def check(request: Request[Any, Any, Any]) -> None:
        options = request.scope["route_handler"].opt
        shedder = shedders.get(options.get(LOAD_SHEDDER, "")) if options.get(RAISES_LIMIT_REFUSAL) else None
        if shedder is None or (overload := shedder.overload_error()) is None:
            await then(request)
            return
        shedder.count_refusal()
        request.scope["state"][LIMIT_REFUSAL] = overload

    return check


def route_path(scope: Mapping[str, Any]) -> str:
    """Return the path of a request as Litestar's router matches it: `//api/auth/login/` becomes `/api/auth/login`."""
    path: str = scope["path"]
    if root_path := scope.get("root_path"):
        path = path.split(root_path, maxsplit=1)[-1]
    return normalize_path(path)
