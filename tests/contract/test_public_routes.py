"""All routes that need no token are listed here, so that a new one is a visible change."""

from collections.abc import Iterator

import httpx
import pytest
from litestar import Controller, Litestar, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from auth_api.features import FEATURES
from auth_api.kit.http.access import ACCESS, CHECKED_SESSION, PUBLIC_OR_SESSION, SESSION, Access
from auth_api.kit.http.access import PUBLIC as ANONYMOUS
from auth_api.kit.http.origin_check import CHECKS_ORIGIN
from auth_api.manifest import Feature, Manifest
from auth_api.roles.permissions import BUILT_IN
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.problems import assert_problem
from tests.support.statements import recorded

pytestmark = pytest.mark.engine_independent

OAUTH = {
    "POST /oauth2/token",
    "POST /oauth2/device_authorization",
    "POST /oauth2/introspect",
    "POST /oauth2/revoke",
    "GET /oauth2/userinfo",
    "POST /oauth2/userinfo",
}
"""Routes that authenticate an application, or accept its access tokens."""

PUBLIC = OAUTH | {
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/mfa",
    "POST /api/auth/mfa/passkey-options",
    "POST /api/auth/passkey/options",
    "POST /api/auth/passkey/login",
    "POST /api/auth/exchange",
    "GET /api/auth/providers",
    "POST /api/auth/providers/register",
    "GET /api/auth/providers/{provider_id}/start",  # for browsers
    "GET /api/auth/providers/{provider_id}/callback",  # for browsers
    "GET /oauth2/authorize",  # for browsers
    "POST /oauth2/authorize",  # for browsers
    "GET /oauth2/authorize/response",  # for browsers
    "POST /api/auth/refresh",
    "POST /api/auth/password/forgot",
    "POST /api/auth/password/reset",
    "POST /api/auth/email/verify",
    "POST /api/auth/email/resend",
    "POST /api/auth/email/confirm-change",
    "POST /api/auth/email/undo-change",
    "POST /api/auth/sessions/report",
    "POST /api/auth/invitations/preview",
    "POST /api/auth/invitations/accept",
    "GET /oauth2/logout",  # for browsers
    "POST /oauth2/logout",  # for browsers
    "GET /health/live",
    "GET /health/ready",
    "GET /.well-known/jwks.json",
    "GET /.well-known/openid-configuration",
    "GET /.well-known/oauth-authorization-server",
    "GET /metrics",  # without a token only in development; see tests/operations/health/test_metrics_access.py
    "GET /health/client",  # like the metrics, without a token only in development
    "GET /",  # a page for browsers, only in development
    "GET /docs",
    "GET /redoc",
    "GET /schema",
    "GET /schema/swagger",
    "GET /schema/redoc",
    "GET /schema/openapi.json",
    "GET /schema/openapi.yaml",
    "GET /schema/openapi.yml",
    "GET /schema/oauth2-redirect.html",  # part of Swagger UI
    "GET /schema/{path}",
    "GET /schema/assets/{file_path}",
    "HEAD /schema/assets/{file_path}",
    "GET /assets/{name}",
    "GET /errors",
    "GET /errors/{error_code}",
}

PROTECTED = {
    "POST /api/auth/logout",  # or with a refresh token in the body
    "POST /api/auth/logout-all",
    "POST /api/auth/step-up",
    "POST /api/auth/step-up/passkey-options",
    "PATCH /api/user/profile",
    "POST /api/user/delete",
    "POST /api/user/password",
    "GET /api/user/factors",
    "DELETE /api/user/totp",
    "DELETE /api/user/passkeys/{passkey_id}",
    "GET /api/user/consents",
    "DELETE /api/user/consents/{consent_id}",
    "GET /api/user/keys",
    "DELETE /api/user/keys/{key_id}",
    "POST /api/user/two-step",
    "POST /api/user/recovery-codes",
    "POST /api/user/email",
    "GET /api/user/audit-log",
    "GET /api/user/export",
    "GET /api/user/identities",
    "POST /api/user/identities",
    "POST /api/user/identities/start",
    "DELETE /api/user/identities/{identity_id}",
    "GET /api/user/sessions",
    "DELETE /api/user/sessions/{session_id}",
}

OPTIONAL = {
    "POST /api/auth/logout",
    "POST /api/auth/email/verify",
    "POST /api/auth/email/confirm-change",
    "POST /api/auth/invitations/accept",
}
"""The routes that accept a token without needing one."""

ENROLMENT = {
    "POST /api/user/totp",
    "POST /api/user/totp/confirm",
    "POST /api/user/passkeys/options",
    "POST /api/user/passkeys",
}
"""The routes that need an access token, or the token of a login in the body."""

WITH_RIGHTS = {
    "GET /api/admin/invitations": "invitations:read key",
    "POST /api/admin/invitations": "invitations:write key",
    "DELETE /api/admin/invitations/{invitation_id}": "invitations:write key",
    "POST /api/admin/invitations/{invitation_id}/resend": "invitations:write key",
    "GET /api/admin/service-accounts": "service-accounts:read key",
    "GET /api/admin/service-accounts/{account_id}": "service-accounts:read key",
    "POST /api/admin/service-accounts": "service-accounts:write recent",
    "PATCH /api/admin/service-accounts/{account_id}": "service-accounts:write recent",
    "DELETE /api/admin/service-accounts/{account_id}": "service-accounts:write recent",
    "GET /api/admin/service-accounts/{account_id}/keys": "service-accounts:read key",
    "POST /api/admin/service-accounts/{account_id}/keys": "service-accounts:write recent",
    "DELETE /api/admin/service-accounts/{account_id}/keys/{key_id}": "service-accounts:write",
    "GET /api/admin/users/{user_id}/keys": "keys:read key",
    "DELETE /api/admin/users/{user_id}/keys/{key_id}": "keys:revoke key",
    "GET /api/admin/users": "users:read key",
    "GET /api/admin/users/{user_id}": "users:read key",
    "GET /api/admin/users/{user_id}/explain": "users:read key",
    "PUT /api/admin/users/{user_id}/roles/{role}": "roles:assign key recent",
    "DELETE /api/admin/users/{user_id}/roles/{role}": "roles:assign key recent",
    "GET /api/admin/users/{user_id}/audit": "audit:read key",
    "GET /api/admin/audit": "audit:read key",
    "GET /api/admin/audit/export": "audit:read key",
    "GET /api/admin/oauth/clients": "clients:read key",
    "GET /api/admin/oauth/clients/{client_id}": "clients:read key",
    "POST /api/admin/oauth/clients": "clients:write key recent",
    "PATCH /api/admin/oauth/clients/{client_id}": "clients:write key recent",
    "DELETE /api/admin/oauth/clients/{client_id}": "clients:write key recent",
    "POST /api/admin/oauth/clients/{client_id}/secret": "clients:write key recent",
    "GET /api/admin/oauth/resources": "clients:read key",
    "GET /api/admin/oauth/resources/{resource_id}": "clients:read key",
    "POST /api/admin/oauth/resources": "clients:write key recent",
    "PATCH /api/admin/oauth/resources/{resource_id}": "clients:write key recent",
    "DELETE /api/admin/oauth/resources/{resource_id}": "clients:write key recent",
    "GET /api/admin/roles": "roles:read key",
    "GET /api/admin/roles/{name}": "roles:read key",
    "POST /api/admin/roles": "roles:write key recent",
    "PATCH /api/admin/roles/{name}": "roles:write key recent",
    "DELETE /api/admin/roles/{name}": "roles:write key recent",
    "GET /api/admin/permissions": "roles:read key",
    "PUT /api/admin/permissions/{name}": "roles:write key recent",
    "DELETE /api/admin/permissions/{name}": "roles:write key recent",
    "POST /api/admin/users": "users:write key",
    "PATCH /api/admin/users/{user_id}": "users:write key",
    "DELETE /api/admin/users/{user_id}": "users:delete key recent",
    "POST /api/admin/users/{user_id}/disable": "users:write key recent",
    "POST /api/admin/users/{user_id}/enable": "users:write key",
    "POST /api/admin/users/{user_id}/password/reset": "users:reset key",
    "POST /api/admin/users/{user_id}/email/resend": "users:reset key",
    "POST /api/admin/users/{user_id}/email": "users:credentials recent",
    "POST /api/admin/users/{user_id}/factors/reset": "users:credentials recent",
    "GET /api/admin/users/{user_id}/sessions": "sessions:read key",
    "DELETE /api/admin/users/{user_id}/sessions": "sessions:end key",
    "DELETE /api/admin/users/{user_id}/sessions/{session_id}": "sessions:end key",
    "GET /api/user/permissions": "any key",
    "POST /api/user/keys": "any recent",
    "GET /api/user/profile": "any profile:read",
    "GET /api/revocations": "revocations:read key",
    "POST /api/access/check": "access:check key",
}
"""The routes that know the rights of the caller: their permission, that of personal keys, whether they accept all keys
(`key`), and whether users need a recent proof of identity (`recent`)."""

UNSUPPORTED = {"OPTIONS", "TRACE"}
"""Litestar adds OPTIONS to every route; the edge responds to it itself."""


def access_words(access: Access) -> str:
    """Return what a route requires, as `WITH_RIGHTS` states it."""
    words = [
        access.permission or "any",
        access.key_permission or "",
        "key" * access.accepts_key,
        "recent" * access.needs_recent_proof,
    ]
    return " ".join(word for word in words if word)


def handlers_of(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Yield the method and path of every route, and its handler, without the pages (`tests/web/frame/test_pages`)."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items():
            if method not in UNSUPPORTED and not handler.opt.get(CHECKS_ORIGIN):
                yield f"{method} {route.path_format}", handler


def routes_with(app: Litestar, access: Access) -> set[str]:
    """Return the routes that declare this access."""
    return {route for route, handler in handlers_of(app) if handler.opt[ACCESS] == access}


def url_of(template: str) -> str:
    """Return a URL that matches a route."""
    return template.format(
        passkey_id=1,
        user_id=1,
        invitation_id=1,
        key_id=1,
        account_id=1,
        role="support",
        path="redoc",
        file_path="swagger-ui.css",
        name="pages.css",
        error_code="NOT_FOUND",
        provider_id="acme",
        identity_id="7",
        session_id="0199b1c2-7f00-7000-8000-000000000000",
        consent_id="0199b1c2-7f00-7000-8000-000000000000",
    )


def test_all_routes_are_listed(app: Litestar) -> None:
    assert {route for route, _ in handlers_of(app)} == PUBLIC | PROTECTED | ENROLMENT | WITH_RIGHTS.keys()


def test_every_route_declares_the_access_that_is_listed(app: Litestar) -> None:
    accesses = {route: handler.opt[ACCESS] for route, handler in handlers_of(app)}
    with_rights = {
        route: access_words(access)
        for route, access in accesses.items()
        if access.loads_rights or access.key_permission
    }
    assert with_rights == WITH_RIGHTS
    assert routes_with(app, SESSION) == PROTECTED - OPTIONAL
    assert routes_with(app, PUBLIC_OR_SESSION) == OPTIONAL
    assert routes_with(app, CHECKED_SESSION) == ENROLMENT
    assert routes_with(app, ANONYMOUS) == PUBLIC - OPTIONAL


def test_security_of_every_operation_is_that_of_its_route(app: Litestar) -> None:
    document = app.openapi_schema.to_schema()

    described = {
        f"{method.upper()} {path}": operation["security"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }

    declared = {route: handler.opt[ACCESS].security for route, handler in handlers_of(app) if route in described}
    assert described == declared


async def test_second_application_describes_its_errors_like_the_first(app: Litestar, app_with: OtherAppFactory) -> None:
    """They have the descriptions of errors in common."""
    async with app_with(DOCS_ENABLED="true") as other:
        (first, second) = (each.openapi_schema.to_schema()["paths"]["/api/user/profile"] for each in (app, other.app))

    assert first == second


async def test_server_with_a_route_that_declares_no_access_does_not_start(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class UndeclaredController(Controller):
        path = "/undeclared"

        @get("/")
        async def read(self) -> None: ...

    undeclared = Manifest(build=lambda _core, _settings: Feature(controllers=(UndeclaredController,)))
    monkeypatch.setattr("auth_api.composition.FEATURES", (*FEATURES, undeclared))

    with pytest.raises(TypeError, match="/undeclared"):
        async with app_with():
            pass


async def test_route_that_was_added_later_without_a_declaration_needs_a_token(app_with: OtherAppFactory) -> None:
    @get("/undeclared")
    async def read() -> None: ...

    async with app_with() as other:
        other.app.register(read)
        response = await other.client.get("/undeclared")

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")


async def test_public_route_ignores_a_token_and_makes_no_query(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        response = await ada.call("GET", "/.well-known/jwks.json", token=ada.access_token)

    assert (response.status, statements) == (200, [])


@pytest.mark.parametrize("route", sorted(PUBLIC - OAUTH))
async def test_public_route_needs_no_token(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, url_of(path))

    assert response.status_code in {200, 302, 303, 400, 404}


@pytest.mark.parametrize("route", sorted(OAUTH))
async def test_oauth_route_needs_an_application(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, path)

    assert response.status_code == 401
    assert response.json()["error"] in {"invalid_client", "invalid_token"}


@pytest.mark.parametrize("route", sorted(PROTECTED))
async def test_protected_route_needs_a_token(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, url_of(path))

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("route", sorted(PROTECTED))
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWRhOng=", "Token abc", "abc"])
async def test_authorization_without_a_bearer_token_is_rejected(
    client: httpx.AsyncClient, route: str, header: str
) -> None:
    method, path = route.split()

    response = await client.request(method, url_of(path), headers={"Authorization": header})

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("route", sorted(PROTECTED | ENROLMENT))
async def test_protected_route_rejects_an_invalid_token(client: httpx.AsyncClient, route: str) -> None:
    method, path = route.split()

    response = await client.request(method, url_of(path), headers={"Authorization": "Bearer abc"})

    assert_problem(response, 401, "TOKEN_INVALID")
    assert response.headers.get_list("www-authenticate") == ['Bearer error="invalid_token"']


@pytest.mark.parametrize(
    "variant", ["/api/user/profile/", "//api/user/profile", "/api//user/profile", "/API/USER/PROFILE"]
)
async def test_other_spelling_of_a_protected_path_is_not_public(client: httpx.AsyncClient, variant: str) -> None:
    response = await client.get(httpx.URL("http://testserver", raw_path=variant.encode()))

    assert response.status_code in {401, 404}


def test_routes_of_the_admin_api_are_hidden_and_need_a_permission(app: Litestar) -> None:
    """Only they are subject to `ADMIN_NETWORKS`, and to the second factor that `MFA_POLICY` may require."""
    accesses = {route: handler.opt[ACCESS] for route, handler in handlers_of(app)}
    administrative = {route for route, access in accesses.items() if access.is_administrative}

    assert administrative == {route for route in accesses if " /api/admin/" in route}
    assert [route for route in administrative if accesses[route].permission not in BUILT_IN] == []
