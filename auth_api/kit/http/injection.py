"""How handlers get what they need."""

from typing import Annotated, Any, TypeVar

from litestar import Request
from litestar.di import Dependency, Provide
from litestar.params import SkipValidationMarker

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
