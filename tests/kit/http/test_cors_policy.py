"""Which origins a browser may call from, decided by comparing bytes."""

import pytest

from auth_api.kit.http.cors import CorsPolicy, is_preflight

pytestmark = pytest.mark.engine_independent

REQUEST_CONTEXT = b"https://app.example.com"
POLICY = CorsPolicy(["https://app.example.com", "http://localhost:3000"])
VARY = (b"vary", b"Origin")
EXPOSED = (
    b"access-control-expose-headers",
    b"X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate",
)


def asked(
    origin: bytes | None = REQUEST_CONTEXT, method: bytes | None = b"POST", headers: bytes | None = None
) -> dict[bytes, bytes]:
    fields = {
        b"origin": origin,
        b"access-control-request-method": method,
        b"access-control-request-headers": headers,
    }
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("origin", [b"https://app.example.com", b"http://localhost:3000"])
def test_an_allowed_origin_is_named_and_never_a_star(origin: bytes) -> None:
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
def test_every_other_origin_learns_nothing(origin: bytes) -> None:
    assert POLICY.headers({b"origin": origin}) == [VARY]
    assert POLICY.preflight(asked(origin)) is None


def test_without_an_origin_caches_are_told_that_one_matters() -> None:
    assert POLICY.headers({}) == [VARY]


def test_where_no_origin_is_allowed_there_is_nothing_to_say() -> None:
    closed = CorsPolicy([])

    assert closed.headers({b"origin": REQUEST_CONTEXT}) == []
    assert closed.headers({b"origin": b"null"}) == []
    assert closed.preflight(asked()) is None
    assert closed.preflight(asked(origin=None)) is None


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PATCH", b"DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        None,
        b"",
        b" ",
        b"authorization",
        b"Authorization,Content-Type",
        b"content-type , x-request-id",
        b",authorization,",
    ],
)
def test_what_the_api_offers_is_granted(method: bytes, headers: bytes | None) -> None:
    assert POLICY.preflight(asked(method=method, headers=headers)) == [
        (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
        (b"access-control-max-age", b"600"),
    ]


@pytest.mark.parametrize("method", [b"PUT", b"TRACE", b"CONNECT", b"post", b"*", b"", b"GET, POST", b"GET,", b"\xff"])
def test_another_method_is_refused(method: bytes) -> None:
    assert POLICY.preflight(asked(method=method)) is None


@pytest.mark.parametrize(
    "headers", [b"x-other", b"cookie", b"authorization, cookie", b"*", b"authorization;content-type", b"\xff", b"x"]
)
def test_another_header_is_refused(headers: bytes) -> None:
    assert POLICY.preflight(asked(headers=headers)) is None


@pytest.mark.parametrize("name", [b"access-control-allow-credentials", b"access-control-allow-private-network"])
def test_credentials_are_never_granted(name: bytes) -> None:
    granted = [*POLICY.headers({b"origin": REQUEST_CONTEXT}), *(POLICY.preflight(asked()) or [])]

    assert name not in dict(granted)


@pytest.mark.parametrize(
    ("method", "request_headers", "expected"),
    [
        ("OPTIONS", asked(), True),
        ("OPTIONS", asked(origin=b"https://evil.example.com"), True),
        ("OPTIONS", asked(origin=None), False),
        ("OPTIONS", asked(method=None), False),
        ("OPTIONS", {}, False),
        ("GET", asked(), False),
    ],
)
def test_a_preflight_is_told_from_a_question_for_options(
    method: str, request_headers: dict[bytes, bytes], expected: bool
) -> None:
    assert is_preflight(method, request_headers) is expected
