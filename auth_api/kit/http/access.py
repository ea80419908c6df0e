"""Which callers a route accepts: each route declares it once, which is checked when the application is built."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from auth_api.kit.http.scope_keys import ACTOR

ACCESS: Final = "access"
"""Key of the `opt` of a handler, or of its controller or router: the `Access` of the route."""

BEARER: Final = "BearerToken"
"""The name of the security scheme in the OpenAPI document."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Which callers a route accepts.

    Attributes:
        accepts_anonymous: whether it accepts requests without a token. The authentication then leaves a token to the
            handler and makes no query.
        accepts_session: whether it accepts the access token of a session.
        checks_token: whether the authentication checks a token that the route does not need: an invalid one is refused
            before the body is read.
        accepts_key: whether it accepts an API key.
        permission: the permission that the caller needs; None if any caller is accepted.
        loads_rights: whether the handler gets the caller with roles and rights.
        needs_recent_proof: whether the user must have proved their identity recently.
        key_permission: the permission that makes the route accept a personal API key; None if it depends on
            `accepts_key`.
        is_administrative: whether the route belongs to the admin API: only certain networks may reach it, and the login
            of a user may need a second factor.
    """

    accepts_anonymous: bool = False
    accepts_session: bool = False
    checks_token: bool = False
    accepts_key: bool = False
    permission: str | None = None
    loads_rights: bool = False
    needs_recent_proof: bool = False
    key_permission: str | None = None
    is_administrative: bool = False

    @property
    def security(self) -> list[dict[str, list[str]]]:
        """The security requirements of the operation in the OpenAPI document, of which a request meets one."""
        anonymous: list[dict[str, list[str]]] = [{}] if self.accepts_anonymous else []
        return anonymous + ([{BEARER: []}] if self.accepts_session else [])


PUBLIC: Final = Access(accepts_anonymous=True)

PUBLIC_OR_SESSION: Final = Access(accepts_anonymous=True, accepts_session=True)

CHECKED_SESSION: Final = Access(accepts_anonymous=True, accepts_session=True, checks_token=True)

SESSION: Final = Access(accepts_session=True)


def permitted(permission: str, *, accepts_key: bool = False) -> Access:
    """Return the access of a route that needs a permission."""
    return Access(accepts_session=True, accepts_key=accepts_key, permission=permission, loads_rights=True)


def administration(permission: str, *, accepts_key: bool = False, needs_recent_proof: bool = False) -> Access:
    """Return the access of a route of the admin API."""
    return Access(
        accepts_session=True,
        accepts_key=accepts_key,
        permission=permission,
        loads_rights=True,
        needs_recent_proof=needs_recent_proof,
        is_administrative=True,
    )


def administrative_actor(scope: Mapping[str, Any]) -> str | None:
    """Return the authenticated caller of a request to the admin API; None for other requests."""
    handler = scope.get("route_handler")
    access: Access | None = handler.opt.get(ACCESS) if handler is not None else None
    return scope["state"].get(ACTOR) if access is not None and access.is_administrative else None


def check_access(app: Litestar) -> None:
    """Check that each route declares its access, and does so once.

    Raises:
        TypeError: a route has no declaration, one that is not an `Access`, or several that differ.
    """
    for route in app.routes:
        handlers = route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]
        for handler in handlers:
            declared = list(_declarations(handler))
            if _is_added_by_litestar(handler):
                continue
            if not declared or any(not isinstance(each, Access) or each != declared[0] for each in declared):
                raise TypeError(route.path, declared)


def _declarations(handler: BaseRouteHandler) -> Iterator[Any]:
    """Yield what the handler and the layers around it declare. Litestar copies those of the layers to the handler."""
    for layer in handler.ownership_layers:
        if ACCESS in (opt := layer.opt or {}):
            yield opt[ACCESS]


def _is_added_by_litestar(handler: BaseRouteHandler) -> bool:
    """Return whether it responds to OPTIONS, to which the edge responds before."""
    return getattr(handler, "http_methods", None) == {"OPTIONS"}
