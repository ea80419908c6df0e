"""CorsPolicy: origins are compared byte by byte."""

import pytest

from auth_api.kit.http.cors import REQUEST_HEADERS, CorsPolicy, is_preflight

pytestmark = pytest.mark.engine_independent

ORIGIN = b"https://app.example.com"
POLICY = CorsPolicy(["https://app.example.com", "http://localhost:3000"])
VARY = (b"vary", b"Origin")
EXPOSED = (
    b"access-control-expose-headers",
    b"X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate",
)


def request_headers(
    origin: bytes | None = ORIGIN, method: bytes | None = b"POST", headers: bytes | None = None
) -> dict[bytes, bytes]:
    fields = {
        b"origin": origin,
        b"access-control-request-method": method,
        b"access-control-request-headers": headers,
    }
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("origin", [b"https://app.example.com", b"http://localhost:3000"])
def test_allowed_origin_is_echoed_instead_of_a_wildcard(origin: bytes) -> None:
    assert POLICY.headers({b"origin": origin}) == [VARY, (b"access-control-allow-origin", origin), EXPOSED]


OTHERS = [
    b"https://evil.example.com",
    b"http://app.example.com",
    b"https://app.example.com:443",
    b"https://app.example.com/",
    b"https://APP.example.com",
    b"https://app.example.com.evil.com",
    b"https://xapp.example.com",
    b"https://app.example.co",
    b" https://app.example.com",
    b"https://app.example.com http://localhost:3000",
    b"null",
    b"*",
    b"",
    b"\xff",
]


@pytest.mark.parametrize("origin", OTHERS)
def test_other_origin_gets_no_cors_headers(origin: bytes) -> None:
    assert POLICY.headers({b"origin": origin}) == [VARY]
    assert POLICY.preflight(request_headers(origin)) is None


def test_response_without_an_origin_varies_by_origin() -> None:
    assert POLICY.headers({}) == [VARY]


def test_policy_without_origins_sends_no_headers() -> None:
    closed = CorsPolicy([])

    assert closed.headers({b"origin": ORIGIN}) == []
    assert closed.headers({b"origin": b"null"}) == []
    assert closed.preflight(request_headers()) is None
    assert closed.preflight(request_headers(origin=None)) is None


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PATCH", b"PUT", b"patch", b"", b"\xff"])
@pytest.mark.parametrize("headers", [None, b"", b"authorization", b"traceparent,x-unknown", b"*", b"\xff"])
def test_preflight_lists_what_is_supported_whatever_it_asks_for(method: bytes, headers: bytes | None) -> None:
    assert POLICY.preflight(request_headers(method=method, headers=headers)) == [
        (b"access-control-allow-methods", b"GET, HEAD, POST, PATCH, DELETE"),
        (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
        (b"access-control-max-age", b"600"),
    ]


def test_preflight_lists_the_headers_of_the_operator_too() -> None:
    policy = CorsPolicy(["https://app.example.com"], more_headers=["x-client", "accept"])

    granted = dict(policy.preflight(request_headers()) or [])

    names = granted[b"access-control-allow-headers"].decode().split(", ")
    assert names == sorted({*REQUEST_HEADERS, "x-client"})


@pytest.mark.parametrize("for_development", [False, True])
def test_only_cookie_origins_get_credentials(*, for_development: bool) -> None:
    spa, dev = b"https://spa.example.com", b"http://localhost:3000"
    policy = CorsPolicy([ORIGIN.decode()], cookie_origins=[spa.decode()], for_development=for_development)
    granted = {
        origin: dict([*policy.headers({b"origin": origin}), *(policy.preflight(request_headers(origin)) or [])])
        for origin in (spa, ORIGIN, dev, *OTHERS)
    }

    credentialed = [each for each in granted if b"access-control-allow-credentials" in granted[each]]
    modal = [each for each in granted if b"token-transport" in granted[each].get(b"access-control-allow-headers", b"")]
    assert credentialed == modal == [spa]
    assert granted[spa][b"access-control-allow-origin"] == spa
    assert granted[spa][b"access-control-allow-credentials"] == b"true"
    assert VARY in policy.headers({})
    assert not any(b"access-control-allow-private-network" in each for each in granted.values())


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("OPTIONS", request_headers(), True),
        ("OPTIONS", request_headers(origin=b"https://evil.example.com"), True),
        ("OPTIONS", request_headers(origin=None), False),
        ("OPTIONS", request_headers(method=None), False),
        ("OPTIONS", {}, False),
        ("GET", request_headers(), False),
    ],
)
def test_preflight_differs_from_a_plain_options_request(
    method: str, headers: dict[bytes, bytes], expected: bool
) -> None:
    assert is_preflight(method, headers) is expected
