"""Load shedding: the edge refuses requests whose route needs a resource that is overloaded.

A route names its resource by the option `load_shedder`, as in `@post("/login", load_shedder="password_hashing")`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.utils import normalize_path

from auth_api.kit.errors import RetryLaterException

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


def shedders_by_route(app: Litestar, shedders: Mapping[str, LoadShedder]) -> RouteShedders:
    """Read the option of all routes, once at startup.

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
            found.update({(str(method), route.path): shedders[name] for method in handler.http_methods})
    return found


def route_path(scope: Mapping[str, Any]) -> str:
    """Return the path of a request as Litestar's router matches it: `//api/auth/login/` becomes `/api/auth/login`."""
    path: str = scope["path"]
    if root_path := scope.get("root_path"):
        path = path.split(root_path, maxsplit=1)[-1]
    return normalize_path(path)
