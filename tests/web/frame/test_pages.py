"""What holds for every page, found by its route."""

from collections.abc import Iterator

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.origin_check import CHECKS_ORIGIN
from auth_api.kit.http.rate_limit import RAISES_LIMIT_REFUSAL
from tests.conftest import UserFactory
from tests.support.breakers import begin_outage
from tests.support.visitor import COOKIE, Visitor

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)

AUTHORIZE = "/account/authorize"
"""A page of a request: without one, it is an error, and its cookie binds the request to the browser."""


def pages(app: Litestar, method: str) -> Iterator[str]:
    """Yield the paths of all pages that accept a method."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if method in handler.http_methods and handler.opt.get(CHECKS_ORIGIN):
                assert handler.opt[ACCESS] == PUBLIC
                assert handler.opt[RAISES_LIMIT_REFUSAL]
                yield route.path


def test_each_path_under_account_is_a_page(app: Litestar) -> None:
    under_account = {route.path for route in app.routes if route.path.split("/")[1] == "account"}

    assert under_account == {*pages(app, "GET"), *pages(app, "POST")}


async def test_form_of_another_site_is_refused_by_each_page(app: Litestar, client: httpx.AsyncClient) -> None:
    paths = list(pages(app, "POST"))

    assert "/account/login" in paths
    for path in paths:
        response = await client.post(
            path, data={"a": "b"}, headers={"Sec-Fetch-Site": "cross-site", "Accept": "application/json"}
        )
        assert (path, response.status_code, response.json()["error_code"]) == (path, 403, "CROSS_SITE_REQUEST")


async def test_json_is_refused_by_each_form(app: Litestar, client: httpx.AsyncClient) -> None:
    for path in pages(app, "POST"):
        response = await client.post(path, json={}, headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"})
        leads_to_sign_in = response.headers.get("Location", "").startswith("/account/login?")
        is_refused = response.headers.get("X-Error-Code") == "UNSUPPORTED_MEDIA_TYPE"
        assert response.status_code == (303 if leads_to_sign_in else 415), path
        assert leads_to_sign_in or is_refused, path


async def test_get_of_each_page_shows_it_or_leads_to_the_sign_in_page(app: Litestar, client: httpx.AsyncClient) -> None:
    visitor = Visitor(client)
    for path in pages(app, "GET"):
        page = await visitor.get(path)
        if path == AUTHORIZE:
            assert page.outcome == (400, "error", "FLOW_INVALID")
            continue
        assert page.status in {200, 303}, path
        last = await visitor.follow(page)
        assert page.status == 200 or last.path.startswith("/account/login"), path
        assert page.response.headers["Cache-Control"] == "no-store", path
        assert page.response.headers["Content-Security-Policy"] == POLICY, path
        assert page.response.headers["Referrer-Policy"] == "same-origin", path


async def test_get_of_each_page_changes_nothing_for_a_person_who_is_logged_in(
    app: Litestar, client: httpx.AsyncClient, user_factory: UserFactory
) -> None:
    await user_factory(is_verified=True)
    visitor = Visitor(client)
    await visitor.log_in()
    cookie = client.cookies[COOKIE]
    for path in pages(app, "GET"):
        if path == AUTHORIZE:
            continue
        page = await visitor.get(path)
        assert page.status in {200, 303, 403}, path
        assert "Set-Cookie" not in page.response.headers, path
    assert client.cookies[COOKIE] == cookie
    assert (await visitor.get("/account/login")).name == "continue"


async def test_no_form_logs_out_in_an_outage(
    app: Litestar, client: httpx.AsyncClient, user_factory: UserFactory
) -> None:
    await user_factory(is_verified=True)
    visitor = Visitor(client)
    await visitor.log_in()
    await begin_outage()
    for path in pages(app, "POST"):
        page = await visitor.post(path, {"decision": "yes"})
        assert (path, page.status, page.response.headers.get("X-Error-Code")) == (path, 503, "CIRCUIT_BREAKER_OPEN")
        assert "Set-Cookie" not in page.response.headers, path
