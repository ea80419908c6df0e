"""What the API client sends, compared with the OpenAPI document."""

import json
from pathlib import Path
from typing import Any, Final

import httpx
import httpx2
import pytest

from auth_api_sdk import AuthClient, Unavailable
from tests.sdk.python.fake_server import URL, USER, Subject, pair, settled

pytestmark = pytest.mark.engine_independent

OPENAPI: Final = json.loads((Path(__file__).parents[2] / "contract" / "openapi.json").read_text(encoding="utf-8"))
LOGIN: Final = {**pair(1), "acr": "aal1", "amr": ["pwd"], "user": USER}
STEPPED_UP: Final = {
    "access_token": "access-2",
    "token_type": "Bearer",
    "expires_in": 1800,
    "acr": "aal2",
    "amr": ["pwd", "otp", "mfa"],
    "auth_time": "2026-11-30T13:58:47.480Z",
}
CODE: Final = {"method": "totp", "code": "123456"}

OPERATIONS: Final[dict[str, tuple[tuple[Any, ...], dict[str, Any], str, Any, Any]]] = {
    "register": (
        (),
        {"email": "ada@example.com", "username": "ada", "password": "a-password"},
        "POST /api/auth/register",
        {"email": "ada@example.com", "username": "ada", "password": "a-password"},
        {**USER, **pair(1)},
    ),
    "login": (("ada", "pw"), {}, "POST /api/auth/login", {"username": "ada", "password": "pw"}, LOGIN),
    "mfa": (("mfa_1", "totp"), {"code": "123456"}, "POST /api/auth/mfa", {"mfa_token": "mfa_1", **CODE}, LOGIN),
    "exchange": (("fc_1", "v" * 43), {}, "POST /api/auth/exchange", {"code": "fc_1", "code_verifier": "v" * 43}, LOGIN),
    "refresh": (("rt_0",), {}, "POST /api/auth/refresh", {"refresh_token": "rt_0"}, pair(1)),
    "logout": (("rt_0",), {}, "POST /api/auth/logout", {"refresh_token": "rt_0"}, {"message": "m"}),
    "logout_all": (
        ("a",),
        {"keep_current": True},
        "POST /api/auth/logout-all",
        {"keep_current": True},
        {"message": "m", "sessions_ended": 2},
    ),
    "step_up": (("a", "totp"), {"code": "123456"}, "POST /api/auth/step-up", CODE, STEPPED_UP),
    "profile": (("a",), {}, "GET /api/user/profile", None, USER),
    "update_profile": (
        ("a",),
        {"display_name": None, "username": "lovelace"},
        "PATCH /api/user/profile",
        {"display_name": None, "username": "lovelace"},
        USER,
    ),
    "change_password": (
        ("a", "new"),
        {"current_password": "old"},
        "POST /api/user/password",
        {"new_password": "new", "current_password": "old"},
        pair(1),
    ),
    "sessions": (("a",), {}, "GET /api/user/sessions", None, {"items": [], "next_cursor": None}),
    "end_session": (("a", "s/1"), {}, "DELETE /api/user/sessions/s/1", None, None),
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_operation_sends_what_the_document_describes(subject: Subject, name: str) -> None:
    arguments, named, operation, body, answer = OPERATIONS[name]
    subject.server.on(operation, (204 if answer is None else 200, answer))

    await settled(getattr(subject.client, name)(*arguments, **named))

    (request,) = subject.server.requests
    assert f"{request.method} {request.url.path}" == operation
    assert subject.server.sent() == [body]
    assert request.headers.get("Authorization") == ("Bearer a" if arguments[:1] == ("a",) else None)
    assert request.headers.get("Content-Type") == (None if body is None else "application/json")
    method, path = operation.replace("s/1", "{session_id}").split()
    described = OPENAPI["paths"][path][method.lower()]
    if body is not None:
        schema = described["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        properties = OPENAPI["components"]["schemas"][schema]
        assert set(properties.get("required", ())) <= set(body) <= set(properties["properties"])


async def test_session_id_is_one_segment_of_the_path(subject: Subject) -> None:
    subject.server.on("DELETE /api/user/sessions/../../x", (204, None))
    await settled(subject.client.end_session("a", "../../x"))
    assert subject.server.requests[0].url.raw_path == b"/api/user/sessions/..%2F..%2Fx"


async def test_any_operation_can_be_called(subject: Subject) -> None:
    subject.server.on("GET /api/user/audit-log", (200, {"items": [1], "next_cursor": None}))
    subject.server.on("DELETE /api/user/totp", (204, None))

    found = await settled(subject.client.request("get", "/api/user/audit-log", params={"limit": 5}, token="a"))
    removed = await settled(subject.client.request("DELETE", "/api/user/totp", token="a"))

    assert (found["items"], removed) == ([1], None)
    assert subject.server.requests[0].url.query == b"limit=5"


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", "https://evil.example/x", "/a?b=1", "/a#b", ""])
async def test_path_of_another_host_is_not_requested(subject: Subject, path: str) -> None:
    with pytest.raises(ValueError, match="path must begin"):
        await settled(subject.client.request("GET", path, token="a"))
    assert subject.server.requests == []


@pytest.mark.parametrize("url", ["auth.example.com", "ftp://a", "https://u:p@a", "https://a?b=1", "https://a#b", ""])
def test_url_of_a_server_is_checked(url: str) -> None:
    with pytest.raises(ValueError, match="not the URL of a server"):
        AuthClient(url)
    with pytest.raises(ValueError, match="not the URL of a server"):
        AuthClient(URL, public_url=url or "x")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_token_does_not_follow_a_redirect(subject: Subject, status: int) -> None:
    target = "https://evil.example/steal?a=secret"
    subject.server.on("GET /api/user/profile", (status, None, {"Location": target}))
    with pytest.raises(Unavailable) as caught:
        await settled(subject.client.profile("a"))
    assert (caught.value.code, caught.value.status) == ("REDIRECTED", 0)
    assert "https://evil.example," in caught.value.detail
    assert "secret" not in caught.value.detail
    assert len(subject.server.requests) == 1


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_own_client_that_follows_redirects_does_not_follow_with_a_token(library: Any) -> None:
    asked = []

    def handle(request: Any) -> Any:
        asked.append(str(request.url))
        return library.Response(307, headers={"Location": "https://evil.example/"})

    http = library.Client(transport=library.MockTransport(handle), follow_redirects=True)
    with pytest.raises(Unavailable, match="REDIRECTED"):
        AuthClient(URL, http=http).profile("a")
    assert asked == [f"{URL}/api/user/profile"]


async def test_visitor_is_named(subject: Subject) -> None:
    subject.server.on("POST /api/auth/login", (200, LOGIN))
    agent = "Mozilla/5.0\r\nX-Evil: 1 é" + "x" * 1000
    await settled(subject.client.on_behalf_of("2001:DB8::1", agent).login("ada", "pw"))
    await settled(subject.client.on_behalf_of("198.51.100.7").login("ada", "pw"))
    await settled(subject.client.login("ada", "pw"))

    first, second, third = (each.headers for each in subject.server.requests)
    assert first["X-Forwarded-For"] == "2001:db8::1"
    assert first["User-Agent"] == ("Mozilla/5.0X-Evil: 1 " + "x" * 1000)[:512]
    assert second["X-Forwarded-For"] == "198.51.100.7"
    assert "X-Forwarded-For" not in third


@pytest.mark.parametrize("address", ["", "unknown", "1.2.3.4, 5.6.7.8", "1.2.3.4\r\nX: y", "example.com"])
def test_visitor_needs_an_ip_address(address: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        AuthClient(URL).on_behalf_of(address)
