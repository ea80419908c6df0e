"""TokenTransport: which requests are accepted in cookie mode, and what becomes of the refresh token of a response."""

from itertools import product
from typing import Any, Final

import pytest

from auth_api.kit.cookie_mode import COOKIE_MODE, forget_refresh_cookie
from auth_api.kit.errors import ApplicationException, CrossSiteRequestException, ValidationException
from auth_api.kit.http.token_transport import RefreshCookie, TokenTransport

pytestmark = pytest.mark.engine_independent

OWN, SIBLING = b"https://auth.example.com", b"https://app.example.com"
COOKIE: Final = RefreshCookie(public_url="https://auth.example.com", is_production=True)
TRANSPORT: Final = TokenTransport(cookie=COOKIE, origins=frozenset({OWN, SIBLING}))
MODE: Final = (b"token-transport", b"cookie")
RAW: Final = "rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"

ALLOWED: Final = ([OWN], [SIBLING])
REFUSED: Final = (
    [b"null"],
    [b""],
    [b"https://other.example.com"],
    [b"http://app.example.com"],
    [b"https://app.example.com:8443"],
    [b"https://app.example.com."],
    [b"https://APP.example.com"],
    [b"https://app.example.com/"],
    [b"https://evil.com"],
    [b"\xff"],
    [SIBLING, SIBLING],
    [OWN, b"https://evil.com"],
)
SITES: Final = {
    (): None,
    (b"same-origin",): None,
    (b"same-site",): None,
    (b"cross-site",): "cross_site",
    (b"none",): "cross_site",
    (b"",): "cross_site",
    (b"same-site", b"same-site"): "origin_not_allowed",
}


def refusal(method: str, *headers: tuple[bytes, bytes]) -> ApplicationException | None:
    return TRANSPORT.refusal([(b"host", b"auth.example.com"), *headers], method)


def rule(method: str, origins: list[bytes], sites: tuple[bytes, ...]) -> str | None:
    lines = [*((b"origin", each) for each in origins), *((b"sec-fetch-site", each) for each in sites)]
    error = refusal(method, MODE, *lines)
    assert error is None or isinstance(error, CrossSiteRequestException)
    return error.rule if error is not None else None


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "GET", "HEAD"])
def test_request_is_accepted_by_its_origin_and_its_site(method: str) -> None:
    of_no_origin = None if method in {"GET", "HEAD"} else "origin_missing"
    for sites, of_site in SITES.items():
        assert [rule(method, origins, sites) for origins in ALLOWED] == [of_site] * len(ALLOWED)
        assert {rule(method, origins, sites) for origins in REFUSED} == {"origin_not_allowed"}
        assert rule(method, [], sites) == (of_no_origin or of_site)


@pytest.mark.parametrize("values", [[], [b""], [b"body"], [b"Cookie"], [b"cookie, cookie"], [b"cookie"] * 2])
def test_header_of_the_mode_has_exactly_one_value(values: list[bytes]) -> None:
    error = refusal("POST", (b"origin", b"null"), *((b"token-transport", value) for value in values))

    assert isinstance(error, ValidationException)
    assert [(each.field, each.code) for each in error.errors] == [("Token-Transport", "unsupported")]


def test_cookie_is_sent_by_the_own_site_only() -> None:
    attributes = "Path=/; HttpOnly; SameSite=Strict"
    development = RefreshCookie(public_url="http://localhost:8000", is_production=False)

    assert COOKIE.set(RAW, 60) == f"__Host-auth_refresh={RAW}; {attributes}; Secure; Max-Age=60"
    assert development.set(RAW, 60) == f"auth_refresh_8000={RAW}; {attributes}; Max-Age=60"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        (["a=1", "auth_refresh=x"], None),
        ([f"__Host-auth_refresh={RAW}"], RAW),
        (["a=1", f"b=2; __Host-auth_refresh={RAW}"], RAW),
        (["__Host-auth_refresh=bs_of-another-kind"], "bs_of-another-kind"),
        ([f"__Host-auth_refresh={RAW}"] * 2, ""),
        ([f"__Host-auth_refresh={RAW}; __Host-auth_refresh=planted"], ""),
    ],
)
async def test_application_sees_the_cookie_of_all_header_lines(lines: list[str], expected: str | None) -> None:
    seen: list[Any] = []

    async def app(*_: Any) -> None:
        seen.append(COOKIE_MODE.get())

    scope: Any = {"headers": [(b"cookie", line.encode()) for line in lines]}
    await TRANSPORT.respond(app, scope, app, app)  # type: ignore[arg-type]

    assert [mode.refresh_token for mode in seen] == [expected]
    assert COOKIE_MODE.get() is None
    assert RAW not in repr(seen)


async def response_of(status: int, body: bytes, *, ends_session: bool = False) -> tuple[dict[str, str], bytes]:
    """Return headers and body that a client gets in cookie mode for a response of the application."""
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        if ends_session:
            forget_refresh_cookie()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-kept", b"1"), length]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message)

    await TRANSPORT.respond(app, {"headers": []}, send, send)  # type: ignore[arg-type]
    start, end = sent
    return {name.decode(): value.decode() for name, value in start["headers"]}, end["body"]


async def test_refresh_token_leaves_the_body_for_the_cookie() -> None:
    body = b'{"access_token":"a","refresh_token":"%s","refresh_expires_in":60,"user":{"n":1.0}}' % RAW.encode()

    headers, kept = await response_of(201, body)

    assert kept == b'{"access_token":"a","refresh_expires_in":60,"user":{"n":1.0}}'
    assert headers == {"x-kept": "1", "content-length": str(len(kept)), "set-cookie": COOKIE.set(RAW, 60)}


OTHER_BODIES: Final = (
    b"",
    b"[]",
    b'{"access_token":"a","refresh_expires_in":60}',
    b'{"user":{"refresh_token":"rt_x","refresh_expires_in":60}}',
    b'{"refresh_token":"text"}',
    b'["refresh_token"]',
    b'"refresh_token"',
)


@pytest.mark.parametrize(("status", "body"), [*product([200, 204], OTHER_BODIES), (401, b'{"refresh_token":"x"}')])
async def test_other_response_is_unchanged(status: int, body: bytes) -> None:
    headers, kept = await response_of(status, body)

    assert (kept, headers) == (body, {"x-kept": "1", "content-length": str(len(body))})


async def test_only_success_deletes_the_cookie_of_an_ended_session() -> None:
    headers, body = await response_of(200, b"{}", ends_session=True)
    refused, _ = await response_of(503, b"{}", ends_session=True)

    assert (body, headers["set-cookie"]) == (b"{}", COOKIE.delete())
    assert "set-cookie" not in refused
