"""Keys of `scope["state"]` by which the server, the edge and the application share facts about a request."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from auth_api.kit.request_context import RequestContext

ERROR: Final = "error"
"""Set by the application: the error whose problem document (RFC 9457) the response is."""

PAGE_KIND: Final = "page_kind"
"""Set by the application or the edge: the response is a page of this server of this kind (`security_headers.py`)."""

LIMIT_REFUSAL: Final = "limit_refusal"
"""Set by the limits: the error of a request above a limit, for handlers that raise it themselves."""

REQUEST_CONTEXT: Final = "request_context"
"""Set by the edge: a function that returns the request context, with the keyword arguments `actor` and `key_id`."""

ACTOR: Final = "actor"
"""Set by the authentication: the actor of the request context."""

KEY_ID: Final = "key_id"
"""Set by the authentication: the API key of the request context."""

OAUTH_CLIENT: Final = "oauth_client"
"""Set by the OAuth endpoints: the `client_id` of the registered application that sends the request."""

REFUSAL: Final = "refusal"
"""Set by the server: the error to respond with, because the request is malformed, too slow or too large."""

CLIENT_GONE: Final = "client_gone"
"""Set by the server: the client closed the connection before the response was complete."""

EXTRA_HEADERS: Final = "extra_headers"
"""Set by the application: headers that the edge adds to the response, also to an error."""


def request_id_of(scope: Mapping[str, Any]) -> str:
    """Return the request id, or an empty string outside of the edge."""
    return str(request_context_of(scope).request_id or "")


def request_context_of(scope: Mapping[str, Any]) -> RequestContext:
    """Return the request context, empty outside of the edge."""
    state = scope["state"]
    build: Callable[..., RequestContext] = state.get(REQUEST_CONTEXT, RequestContext)
    return build(actor=state.get(ACTOR), key_id=state.get(KEY_ID))
