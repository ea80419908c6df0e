"""What is open to everybody stands here in plain text: opening one more route is a visible change."""

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

PUBLIC = {
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/refresh",
    "POST /api/auth/password/forgot",
    "POST /api/auth/password/reset",
    "POST /api/auth/email/verify",
    "POST /api/auth/email/resend",
    "POST /api/auth/email/confirm-change",
    "POST /api/auth/email/undo-change",
    "POST /api/auth/sessions/report",
    "GET /health/live",
    "GET /health/ready",
    "GET /.well-known/jwks.json",
    "GET /metrics",  # open in development alone; see tests/operations/health/test_metrics_access.py
    "GET /health/client",  # as the metrics: open in development alone
    "GET /docs",
    "GET /redoc",
    "GET /schema",
    "GET /schema/swagger",
    "GET /schema/redoc",
    "GET /schema/openapi.json",
    "GET /schema/openapi.yaml",
    "GET /schema/openapi.yml",
    "GET /schema/oauth2-redirect.html",  # comes with Swagger UI
    "GET /schema/{path}",
    "GET /schema/assets/{file_path}",
    "HEAD /schema/assets/{file_path}",
    "GET /account/{page_name}",  # shows a page, and does nothing
    "GET /assets/{file_path}",
    "HEAD /assets/{file_path}",
    "GET /errors",
    "GET /errors/{error_code}",
}

PROTECTED = {
    "POST /api/auth/logout",  # or by a refresh token in the body
    "POST /api/auth/logout-all",
    "GET /api/user/profile",
    "PATCH /api/user/profile",
    "POST /api/user/delete",
    "POST /api/user/password",
    "POST /api/user/email",
    "GET /api/user/audit-log",
    "GET /api/user/export",
    "GET /api/user/sessions",
    "DELETE /api/user/sessions/{session_id}",
}

UNOFFERED = {"OPTIONS", "TRACE"}
"""Litestar adds OPTIONS to every route; the outermost layer answers it itself."""


def routes_of(app: Litestar) -> set[str]:
    """Return every method and path that the application knows."""
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in UNOFFERED
    }


def address(template: str) -> str:
    """Return an address of a route."""
    return template.format(
        path="redoc",
        file_path="swagger-ui.css" if "/schema/" in template else "pages.css",
        page_name="reset-password",
        error_code="NOT_FOUND",
        session_id="0199b1c2-7f00-7000-8000-000000000000",
    )


def test_every_route_is_listed(app: Litestar) -> None:
    assert routes_of(app) == PUBLIC | PROTECTED


@pytest.mark.parametrize("route", sorted(PUBLIC))
async def test_a_public_route_asks_for_no_token(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, address(path))

    assert response.status_code in {200, 302, 400, 404}


@pytest.mark.parametrize("route", sorted(PROTECTED))
async def test_any_other_route_asks_for_one(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, address(path))

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("route", sorted(PROTECTED))
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWRhOng=", "Token abc", "abc"])
async def test_what_is_no_bearer_token_is_none(client: httpx.AsyncClient, route: str, header: str) -> None:
    method, path = route.split()

    response = await client.request(method, address(path), headers={"Authorization": header})

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("route", sorted(PROTECTED))
async def test_a_bad_token_opens_none_of_them(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, address(path), headers={"Authorization": "Bearer abc"})

    assert_problem(response, 401, "TOKEN_INVALID")
    assert response.headers.get_list("www-authenticate") == ['Bearer error="invalid_token"']


@pytest.mark.parametrize(
    "variant", ["/api/user/profile/", "//api/user/profile", "/api//user/profile", "/API/USER/PROFILE"]
)
async def test_no_spelling_of_a_protected_address_opens_it(client: httpx.AsyncClient, variant: str) -> None:
    response = await client.get(httpx.URL("http://testserver", raw_path=variant.encode()))

    assert response.status_code in {401, 404}
