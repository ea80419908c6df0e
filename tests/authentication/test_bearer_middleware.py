"""Litestar's JWT middleware as it is used here."""

from typing import Any

from auth_api.authentication.bearer import BearerMiddleware
from tests.conftest import OtherAppFactory


async def test_nothing_is_between_the_middleware_and_a_handler(app_with: OtherAppFactory) -> None:
    """Litestar's own layer there is for middleware that wraps `send`."""
    async with app_with() as other:
        app: Any = other.app
        middleware, *_ = app.asgi_router.handle_routing(path="/api/user/profile", method="GET")

    assert isinstance(middleware, BearerMiddleware)
    assert middleware.app.__qualname__ == "HTTPRoute.handle"
