"""Dependency injection for handlers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar

from litestar import Litestar, Request
from litestar.di import Dependency, Provide
from litestar.params import SkipValidationMarker
from litestar.routes import HTTPRoute

from auth_api.kit.http.scope_keys import request_context_of
from auth_api.kit.request_context import RequestContext

T = TypeVar("T")

Injected = Annotated[T, Dependency(), SkipValidationMarker()]
"""Type of a handler's parameter that is provided under its own name and not validated at every request."""


def provide(value: object) -> Provide:
    """Return a dependency that provides the same object to every handler."""
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)


def provide_request_context(request: Request[Any, Any, Any]) -> RequestContext:
    """Return the request context."""
    return request_context_of(request.scope)


def resolve_directly(app: Litestar) -> None:
    """Resolve the dependencies of all handlers in the task of the request: plain ones first, then the others in order.

    A plain dependency is a synchronous function without parameters except `request`. Litestar validates the arguments
    of such a function and tracks its clean-up, and it starts a task for each dependency that does not depend on another
    one; both take longer than everything else that it does for a request.
    """
    for route in app.routes:
        models = [model for _, model in route.route_handler_map.values()] if isinstance(route, HTTPRoute) else []
        for model in models:
            in_order = [each for batch in model.dependency_batches for each in sorted(batch, key=lambda one: one.key)]
            plain = {each.key: _call(each.provide) for each in in_order if _is_plain(each.provide)}
            if plain:
                model.extractors.append(_extractor(plain))
            model.dependency_batches = [{each} for each in in_order if each.key not in plain]


def _is_plain(provide: Provide) -> bool:
    parameters = set(provide.signature_model._fields)
    return provide.has_sync_callable and not provide.has_sync_generator_dependency and parameters <= {"request"}


def _call(provide: Provide) -> Callable[[Any], Any]:
    if provide.signature_model._fields:
        return lambda request: provide.dependency(request=request)
    if provide.use_cache:
        value = provide.dependency()
        return lambda _: value
    return lambda _: provide.dependency()


def _extractor(plain: Mapping[str, Callable[[Any], Any]]) -> Callable[[dict[str, Any], Any], Awaitable[None]]:
    """Return an extractor, by which Litestar fills a handler's arguments as it does from the body or the query."""

    async def extract(values: dict[str, Any], request: Any) -> None:
        for name, call in plain.items():
            values[name] = call(request)

    return extract
