"""Cookie mode at the edge: which pages may use it, and what a request of another website gets."""

import json

import httpx
import pytest

from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD
from tests.support.cookie_mode import COOKIE_MODE, SPA, CookieActor, set_cookie
from tests.support.exposition import Changes
from tests.support.problems import assert_problem

LOGIN = "/api/auth/login"
ADA = {"username": "ada", "password": PASSWORD}

CROSS_SITE = (
    ({"Origin": "null"}, "origin_not_allowed"),
    ({"Origin": "https://app.example.com"}, "origin_not_allowed"),
    ({"Origin": "http://spa.example.com"}, "origin_not_allowed"),
    ({"Origin": f"{SPA}:8443"}, "origin_not_allowed"),
    ({"Origin": "https://other.example.com"}, "origin_not_allowed"),
    ({"Origin": None}, "origin_missing"),
    ({"Sec-Fetch-Site": "cross-site"}, "cross_site"),
    ({"Sec-Fetch-Site": "none"}, "cross_site"),
)


async def test_request_of_another_website_changes_nothing(client: httpx.AsyncClient, user_factory: UserFactory) -> None:
    await user_factory()
    page = CookieActor(client)
    await page.log_in()
    before = (page.cookie, await SessionRow.count())

    for changed, rule in CROSS_SITE:
        merged = {**COOKIE_MODE, **changed}
        headers = {name: value for name, value in merged.items() if value is not None}
        for path, body, kind in (
            (LOGIN, json.dumps(ADA), "application/json"),
            ("/api/auth/refresh", "{}", "application/json"),
            ("/api/auth/logout", "", "text/plain"),
            ("/api/auth/logout", "a=b", "application/x-www-form-urlencoded"),
            ("/api/nothing", "", ""),
        ):
            response = await client.post(path, content=body, headers={**headers, "Content-Type": kind})
            assert assert_problem(response, 403, "CROSS_SITE_REQUEST")["rule"] == rule
            assert response.headers.get_list("set-cookie") == []

    assert (page.cookie, await SessionRow.count()) == before
    assert (await page.try_refresh()).status == 200


async def test_refusals_are_counted_by_rule(client: httpx.AsyncClient) -> None:
    changes = Changes()

    await client.post(LOGIN, headers={"Token-Transport": "cookie"}, json=ADA)

    assert changes.of("cross_site_refusals_total", surface="cookie_mode", rule="origin_missing") == 1


async def test_other_values_of_the_header_are_refused(client: httpx.AsyncClient) -> None:
    for value in ("body", "", "Cookie", "cookie, cookie"):
        response = await client.get("/api/user/profile", headers={**COOKIE_MODE, "Token-Transport": value})
        problem = assert_problem(response, 400, "VALIDATION_ERROR")
        assert [(each["field"], each["code"]) for each in problem["errors"]] == [("Token-Transport", "unsupported")]


async def test_header_has_no_meaning_outside_of_the_api(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/live", headers={"Token-Transport": "nonsense", "Origin": "null"})

    assert response.status_code == 200


async def test_every_response_to_a_listed_origin_allows_credentials(client: httpx.AsyncClient) -> None:
    """Errors of every layer too: a script can read nothing of a response otherwise."""
    requests: tuple[tuple[str, str, dict[str, str], int], ...] = (
        ("OPTIONS", LOGIN, {"Access-Control-Request-Method": "POST"}, 204),
        ("POST", LOGIN, {"Content-Type": "text/plain"}, 415),
        ("GET", "/api/nothing", {}, 404),
        ("PUT", LOGIN, {}, 405),
        ("GET", "/api/user/profile", {}, 401),
        ("GET", f"/api/{'a' * 5000}", {}, 414),
        ("POST", "/api/auth/refresh", {"Token-Transport": "cookie", "Sec-Fetch-Site": "cross-site"}, 403),
    )
    for method, path, headers, status in requests:
        for origin, expected in ((SPA, "true"), ("https://app.example.com", None), ("https://evil.com", None)):
            sent = {**headers, "Origin": origin}
            response = await client.request(method, path, headers=sent, content="x" if method == "POST" else None)
            if origin != "https://evil.com":
                assert response.status_code == status
            assert response.headers.get("access-control-allow-credentials") == expected


@pytest.mark.engine_independent
async def test_own_page_has_two_names_in_development(app_with: OtherAppFactory) -> None:
    variables = {"ENVIRONMENT": "development", "PORT": "8123", "PUBLIC_URL": "http://localhost:8123"}
    async with app_with(**variables) as other:
        for origin, status in (
            ("http://localhost:8123", 401),
            ("http://127.0.0.1:8123", 401),
            ("http://localhost:8124", 403),
            ("http://[::1]:8123", 403),
        ):
            headers = {"Token-Transport": "cookie", "Origin": origin}
            response = await other.client.post("/api/auth/logout-all", headers=headers)
            assert response.status_code == status


async def test_login_sets_the_cookie_and_body_mode_does_not(
    client: httpx.AsyncClient, user_factory: UserFactory
) -> None:
    await user_factory()

    in_body = await client.post(LOGIN, json=ADA)
    in_cookie = await client.post(LOGIN, json=ADA, headers=COOKIE_MODE)

    assert list(in_body.json().items())[1][0] == "refresh_token"
    assert [name for name in in_body.json() if name != "refresh_token"] == list(in_cookie.json())
    assert set_cookie(in_body) is None
    cookie = set_cookie(in_cookie)
    assert cookie.value.startswith("rt_")
    assert int(cookie["max-age"]) == in_cookie.json()["refresh_expires_in"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["domain"]) == ("/", True, "Strict", "")
