"""What the outer layer leaves in a request's scope for the layers within."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from auth_api.kit.request_context import RequestContext

ENVELOPED: Final = "enveloped"
"""Set where an error answer already is the envelope."""

REQUEST_CONTEXT: Final = "origin"
"""What finds out where the request came from."""

REFUSAL: Final = "refusal"
"""The error to answer with, set by the server where a request is none, is too slow or too long. Whoever still reads the
body meets it."""

CLIENT_GONE: Final = "client_gone"
"""Set by the server when the connection was lost before the answer was complete."""

EXTRA_HEADERS: Final = "extra_headers"
"""Headers that a layer within wants on the answer, whoever makes it."""


def request_id_of(scope: Mapping[str, Any]) -> str:
    """Return the request's id."""
    return str(request_context_of(scope).request_id or "")


def request_context_of(scope: Mapping[str, Any]) -> RequestContext:
    """Return where the request came from."""
    find: Callable[[], RequestContext] = scope["state"].get(REQUEST_CONTEXT, RequestContext)
    return find()
