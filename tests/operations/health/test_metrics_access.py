"""Metrics are open in development; in production they require the token or a separate port."""

import httpx
import pytest

from auth_api.kit.errors import RateLimitedException
from auth_api.kit.gcra import Gcra
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.request_screening import RequestScreening
from tests.conftest import CLIENT_IP, OtherAppFactory
from tests.support.exposition import Changes
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

TOKEN = "a-token-of-the-tests-42"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET_KEY": "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps",
    "PUBLIC_URL": "https://auth.company.test",
    "TRUSTED_PROXIES": CLIENT_IP,
}


async def test_metrics_are_open_outside_of_production(client: httpx.AsyncClient) -> None:
    response = await client.get("/metrics")

    assert response.status_code == 200
    assert response.headers.get_list("content-type") == ["text/plain; version=0.0.4; charset=utf-8"]
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert "# TYPE auth_api_http_requests_total counter" in response.text


async def test_metrics_support_head(client: httpx.AsyncClient) -> None:
    response = await client.head("/metrics")

    assert (response.status_code, response.content) == (200, b"")


async def test_metrics_reject_post(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post("/metrics"), 405, "METHOD_NOT_ALLOWED")


async def test_metrics_of_production_without_a_token_are_404(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION) as other:
        response = await other.client.get("/metrics")

    assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.parametrize("environment", [PRODUCTION, {}], ids=["production", "testing"])
async def test_metrics_accept_the_configured_token(app_with: OtherAppFactory, environment: dict[str, str]) -> None:
    async with app_with(**environment, METRICS_TOKEN=TOKEN) as other:
        response = await other.client.get("/metrics", headers={"Authorization": f"bearer  {TOKEN} "})

    assert response.status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN])
async def test_metrics_without_the_configured_token_are_401(app_with: OtherAppFactory, header: str | None) -> None:
    async with app_with(METRICS_TOKEN=TOKEN) as other:
        headers = {} if header is None else {"Authorization": header}
        response = await other.client.get("/metrics", headers=headers)

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
    assert response.headers.get_list("www-authenticate") == ["Bearer"]
    assert response.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\xe4", f"{TOKEN}, {TOKEN}"])
async def test_metrics_with_a_different_token_are_401(app_with: OtherAppFactory, token: str) -> None:
    async with app_with(METRICS_TOKEN=TOKEN) as other:
        header = f"Bearer {token}".encode("latin-1")
        response = await other.client.get("/metrics", headers=[(b"Authorization", header)])

    assert_problem(response, 401, "TOKEN_INVALID")


@pytest.mark.parametrize("variables", [{}, {"METRICS_TOKEN": TOKEN}], ids=["without a token", "with a token"])
async def test_metrics_with_a_separate_port_are_404_on_the_main_port(
    app_with: OtherAppFactory, variables: dict[str, str]
) -> None:
    async with app_with(METRICS_PORT="9464", **variables) as other:
        response = await other.client.get("/metrics", headers=BEARER)

    assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics"])
async def test_allowed_hosts_do_not_apply_to_scrapes(app_with: OtherAppFactory, path: str) -> None:
    """Scrapers, like probes, connect to each instance by its IP address."""
    async with app_with(ALLOWED_HOSTS='["auth.example.com"]') as other:
        url = httpx.URL("http://testserver", raw_path=path.encode())
        response = await other.client.get(url, headers={"Host": "10.0.0.7:8000"})

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/metrics/more", "/metricsx"])
async def test_allowed_hosts_apply_to_similar_paths(app_with: OtherAppFactory, path: str) -> None:
    async with app_with(ALLOWED_HOSTS='["auth.example.com"]') as other:
        response = await other.client.get(path, headers={"Host": "10.0.0.7:8000"})

    assert_problem(response, 400, "HOST_NOT_ALLOWED")


async def test_scrape_that_reached_a_proxy_by_http_is_refused(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION, METRICS_TOKEN=TOKEN) as other:
        response = await other.client.get("/metrics", headers={**BEARER, "X-Forwarded-Proto": "http"})

    assert_problem(response, 403, "HTTPS_REQUIRED")


def limited_to(requests: int) -> RequestScreening:
    """Return a screening that allows each network this number of requests, on a clock that stands still."""
    return RequestScreening(ClientIpResolver(()), flood_limit=Gcra(1, requests, clock=lambda: 0.0))


def send(screening: RequestScreening, path: str, times: int = 1) -> int:
    """Send requests from one client IP. Return the number of refusals."""
    scope = {"path": path, "query_string": b"", "headers": []}
    refusals = [screening.refusal(scope, {}, CLIENT_IP) for _ in range(times)]
    return sum(isinstance(refusal, RateLimitedException) for refusal in refusals)


def test_flood_from_the_client_ip_of_a_scraper_does_not_affect_its_scrapes() -> None:
    screening = limited_to(10)
    changes = Changes()

    assert send(screening, "/nope", times=15) == 5
    assert changes.by("limit_refusals_total", "limit") == {"flood": 5}
    assert send(screening, "/metrics") == 0


def test_scrapes_have_a_flood_limit_of_their_own() -> None:
    screening = limited_to(10)

    assert send(screening, "/metrics", times=15) == 5
    assert send(screening, "/nope") == 0


async def test_applications_of_one_process_share_their_metrics(
    client: httpx.AsyncClient, app_with: OtherAppFactory
) -> None:
    async with app_with() as other:
        await other.client.get("/.well-known/jwks.json")
        before = (await client.get("/metrics")).text.count("# TYPE")
        after = (await other.client.get("/metrics")).text.count("# TYPE")

    assert before == after
