"""How handlers get what they need."""

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
"""A handler's parameter that is provided under its own name, and not checked again at every request."""


def provide(value: object) -> Provide:
    """Provide one object to every handler."""
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)


def provide_request_context(request: Request[Any, Any, Any]) -> RequestContext:
    """Where the request came from."""
    return request_context_of(request.scope)


def resolve_directly(app: Litestar) -> None:
    """Resolve a handler's dependencies in the request's own task: plain ones by a call, then the others in turn.

    Plain is what asks at most for the request, and does not wait. Litestar checks what such a function is called with,
    and keeps an account of what is to be cleaned up after it, which takes longer than all else that it does for a
    request; and for every dependency that need not wait for another one it starts a task, which takes longer still.
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
    asks_for = set(provide.signature_model._fields)
    return provide.has_sync_callable and not provide.has_sync_generator_dependency and asks_for <= {"request"}


def _call(provide: Provide) -> Callable[[Any], Any]:
    if provide.signature_model._fields:
        return lambda request: provide.dependency(request=request)
    if provide.use_cache:
        value = provide.dependency()
        return lambda _: value
    return lambda _: provide.dependency()


def _extractor(plain: Mapping[str, Callable[[Any], Any]]) -> Callable[[dict[str, Any], Any], Awaitable[None]]:
    """Return what Litestar fills a handler's arguments with, as it does with the body or the query."""

    async def extract(values: dict[str, Any], request: Any) -> None:
        for name, call in plain.items():
            values[name] = call(request)

    return extract
