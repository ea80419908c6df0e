"""The declaration of the callers that a route accepts."""

from typing import Any

import pytest
from litestar import Litestar, Router, get

from auth_api.kit.http.access import ACCESS, PUBLIC, PUBLIC_OR_SESSION, SESSION, Access, check_access

pytestmark = pytest.mark.engine_independent


def app_of(*, route: dict[str, Any], router: dict[str, Any]) -> Litestar:
    """Return an application with one route in a router, both with these options."""

    @get("/books", opt=route)
    async def read() -> None: ...

    return Litestar([Router("/", route_handlers=[read], opt=router)], openapi_config=None, logging_config=None)


@pytest.mark.parametrize(
    ("route", "router"),
    [({ACCESS: PUBLIC}, {}), ({}, {ACCESS: SESSION})],
    ids=["by the handler", "by the router"],
)
def test_declared_access_is_accepted(route: dict[str, Any], router: dict[str, Any]) -> None:
    check_access(app_of(route=route, router=router))


@pytest.mark.parametrize(
    ("route", "router"),
    [
        ({}, {}),
        ({"acces": PUBLIC}, {}),
        ({ACCESS: "public"}, {}),
        ({ACCESS: None}, {}),
        ({ACCESS: PUBLIC}, {ACCESS: SESSION}),
    ],
    ids=["missing", "misspelt", "unknown", "empty", "twice"],
)
def test_access_that_is_not_declared_once_is_refused(route: dict[str, Any], router: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="/books"):
        check_access(app_of(route=route, router=router))


@pytest.mark.parametrize(
    ("access", "security"),
    [
        (PUBLIC, [{}]),
        (PUBLIC_OR_SESSION, [{}, {"BearerToken": []}]),
        (SESSION, [{"BearerToken": []}]),
    ],
)
def test_security_requirements_follow_from_the_access(access: Access, security: list[dict[str, list[str]]]) -> None:
    assert access.security == security
