"""CORS: exact origins, no credentials, and errors that scripts can read."""

import httpx
import pytest

from tests.conftest import OtherAppFactory
from tests.support.log_lines import logged
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"
ORIGIN = "https://app.example.com"
EXPOSED = "X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate"


def cors_headers(response: httpx.Response) -> dict[str, str]:
    """Return the CORS headers of a response."""
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


TRACING = ("baggage", "sentry-trace", "traceparent", "tracestate")
CLIENTS = (
    "accept",
    "accept-language",
    "cache-control",
    "idempotency-key",
    "if-none-match",
    "pragma",
    "x-requested-with",
)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", None),
        ("GET", ""),
        ("HEAD", "authorization"),
        ("PATCH", "authorization,content-type"),
        ("DELETE", "Authorization, Content-Type, X-Request-ID"),
        *(("POST", f"content-type,{name}") for name in (*TRACING, *CLIENTS)),
        ("POST", "baggage,content-type,sentry-trace"),
    ],
)
async def test_preflight_of_an_allowed_origin_is_granted(
    client: httpx.AsyncClient, method: str, headers: str | None
) -> None:
    preflight_headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
    if headers is not None:
        preflight_headers["Access-Control-Request-Headers"] = headers

    response = await client.options(LOGIN, headers=preflight_headers)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers.get_list("vary") == ["Origin"]
    assert cors_headers(response) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
        "access-control-allow-headers": ", ".join(
            sorted({*TRACING, *CLIENTS, "authorization", "content-type", "x-request-id"})
        ),
        "access-control-max-age": "600",
        "access-control-expose-headers": EXPOSED,
    }


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.com",
        "https://APP.example.com",
        "https://app.example.com/",
        "null",
        "*",
        "",
    ],
)
async def test_preflight_of_another_origin_is_denied(client: httpx.AsyncClient, origin: str) -> None:
    response = await client.options(LOGIN, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})

    assert_problem(response, 403, "CORS_ORIGIN_DENIED")
    assert cors_headers(response) == {}


@pytest.mark.parametrize(
    ("method", "headers"), [("PUT", ""), ("get", ""), ("", ""), ("POST", "x-evil"), ("POST", "content-type, cookie")]
)
async def test_preflight_for_an_unsupported_method_or_header_lists_the_supported_ones(
    client: httpx.AsyncClient, method: str, headers: str
) -> None:
    preflight_headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }

    response = await client.options(LOGIN, headers=preflight_headers)

    assert response.status_code == 204
    assert method not in response.headers["access-control-allow-methods"].split(", ") or method == "POST"
    assert not {"x-evil", "cookie", "*"} & set(response.headers["access-control-allow-headers"].split(", "))


async def test_preflight_lists_the_configured_headers(app_with: OtherAppFactory) -> None:
    async with app_with(CORS_HEADERS='["X-Datadog-Trace-Id", "b3"]') as other:
        response = await other.client.options(LOGIN, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"})

    names = set(response.headers["access-control-allow-headers"].split(", "))
    assert names >= {"x-datadog-trace-id", "b3", "authorization"}


async def test_response_to_an_allowed_origin_can_be_read_without_credentials(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/live", headers={"Origin": ORIGIN})

    assert response.status_code == 200
    assert cors_headers(response) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-expose-headers": EXPOSED,
    }


async def test_response_to_another_origin_cannot_be_read(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/live", headers={"Origin": "https://evil.example.com"})

    assert (response.status_code, cors_headers(response)) == (200, {})
    assert response.headers.get_list("vary") == ["Origin"]


async def test_response_varies_by_origin(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/live")

    assert response.headers.get_list("vary") == ["Origin"]


async def test_without_origins_no_cors_headers_are_sent_in_production(production: OtherAppFactory) -> None:
    async with production(CORS_ORIGINS="[]", COOKIE_ORIGINS="[]") as other:
        plain = await other.client.get("/health/live", headers={"Origin": ORIGIN})
        preflight = await other.client.options(
            LOGIN, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        )

    assert (plain.status_code, cors_headers(plain)) == (200, {})
    assert "vary" not in plain.headers
    assert_problem(preflight, 403, "CORS_ORIGIN_DENIED")


LOOPBACK = ["http://localhost:3000", "https://localhost", "http://127.0.0.1:27312", "http://[::1]:5173"]
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.mark.parametrize("origin", LOOPBACK)
@pytest.mark.parametrize("environment", ["development", "testing"])
async def test_loopback_origins_are_allowed_for_development(
    app_with: OtherAppFactory, environment: str, origin: str
) -> None:
    async with app_with(ENVIRONMENT=environment) as other:
        preflight = await other.client.options(LOGIN, headers={"Origin": origin, **PREFLIGHT})
        response = await other.client.get("/health/live", headers={"Origin": origin})

    assert (preflight.status_code, response.status_code) == (204, 200)
    assert preflight.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-origin"] == origin
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", LOOPBACK)
async def test_loopback_origins_are_denied_in_production(production: OtherAppFactory, origin: str) -> None:
    with logged("WARNING") as lines:
        async with production() as other:
            preflight = await other.client.options(LOGIN, headers={"Origin": origin, **PREFLIGHT})

    assert_problem(preflight, 403, "CORS_ORIGIN_DENIED")
    assert [line for line in lines if line["event"] == "cors:origin_denied"] == []


@pytest.mark.parametrize(
    ("origin", "advice"),
    [
        (
            "http://192.0.2.7:5173",
            """set in .env: CORS_ORIGINS='["https://app.example.com", "http://192.0.2.7:5173"]'""",
        ),
        (
            "capacitor://localhost",
            """set in .env: CORS_ORIGINS='["https://app.example.com", "capacitor://localhost"]'""",
        ),
        ("null", "can never be allowed"),
        ("http://x'; rm -rf /", "can never be allowed"),
        ("http://127.1:3000", "can never be allowed"),
    ],
)
async def test_log_says_in_development_how_to_allow_a_denied_origin(
    client: httpx.AsyncClient, origin: str, advice: str
) -> None:
    with logged("WARNING") as lines:
        await client.options(LOGIN, headers={"Origin": origin, **PREFLIGHT})

    (line,) = [line for line in lines if line["event"] == "cors:origin_denied"]
    assert line["origin"] == origin
    assert advice in line["advice"]
