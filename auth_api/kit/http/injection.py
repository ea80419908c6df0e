"""How handlers get what they need."""

from typing import Annotated, Any, TypeVar

from litestar import Litestar, Request
from litestar.di import Dependency, Provide
from litestar.params import SkipValidationMarker
from litestar.routes import HTTPRoute

from auth_api.kit.http.state import origin_of
from auth_api.kit.origin import Origin

T = TypeVar("T")

Injected = Annotated[T, Dependency(), SkipValidationMarker()]
"""A handler's parameter that is provided under its own name, and not checked again at every request."""


def provide(value: object) -> Provide:
    """Provide one object to every handler."""
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)


def provide_origin(request: Request[Any, Any, Any]) -> Origin:
    """Where the request came from."""
    return origin_of(request.scope)


def resolve_in_turn(app: Litestar) -> None:
    """Resolve a handler's dependencies one after the other, each behind those that it needs.

    Litestar starts a task for every one that need not wait for another. None of ours waits at all but one that asks the
    database, and two such tasks cost more than everything else that Litestar does for a request.
    """
    for route in app.routes:
        models = [model for _, model in route.route_handler_map.values()] if isinstance(route, HTTPRoute) else []
        for model in models:
            in_order = [each for batch in model.dependency_batches for each in sorted(batch, key=lambda one: one.key)]
            model.dependency_batches = [{each} for each in in_order]
