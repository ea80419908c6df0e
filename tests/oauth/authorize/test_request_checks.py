"""Which authorization requests are refused, with which error, and where the error goes."""

from pathlib import Path
from typing import Any, Final

import pytest

from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.authorization import ENDPOINT, STATE, VERIFIER, Application, registered
from tests.support.log_lines import lines_of_request
from tests.support.oauth_clients import CALLBACK, add_resource
from tests.support.visitor import Page, Visitor

ORDERS, STOCK = "https://orders.example.com", "https://stock.example.com"

FAULTS: Final[list[tuple[dict[str, Any], str]]] = [
    ({"scope": ["openid", "email"]}, "invalid_request"),
    ({"nonce": "n" * 1025}, "invalid_request"),
    ({"scope": "openid " * 200}, "invalid_request"),
    ({"acr_values": "a" * 257}, "invalid_request"),
    ({"request": "e30."}, "request_not_supported"),
    ({"request_uri": "https://app.example.com/request", "response_type": None}, "request_uri_not_supported"),
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "unknown"}, "invalid_scope"),
    ({"scope": "openid roles"}, "invalid_scope"),
    ({"scope": " ".join(f"s{number}" for number in range(51))}, "invalid_scope"),
    ({"scope": "openid", "resource": ORDERS}, "invalid_target"),
    ({"scope": "orders:read", "resource": "https://unknown.example.com"}, "invalid_target"),
    ({"scope": "orders:read", "resource": f"{ORDERS}/"}, "invalid_target"),
    ({"scope": "orders:read stock:read"}, "invalid_scope"),
    ({"scope": "orders:read stock:read", "resource": ORDERS}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "none unknown"}, "invalid_request"),
    ({"max_age": "1.5"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "2147483648"}, "invalid_request"),
    ({"max_age": "00000000001"}, "invalid_request"),
]

HARMLESS: Final[list[dict[str, Any]]] = [
    {"unknown": ["1", "2"], "ui_locales": "de"},
    {"nonce": "", "state": "s" * 1024},
    {"scope": "email openid unknown"},
    {"scope": "orders:read"},
    {"scope": "orders:read stock:read", "resource": [STOCK, ORDERS, STOCK]},
    {"prompt": "unknown create", "max_age": "2147483647", "acr_values": "silver", "login_hint": "h" * 300},
    {"response_mode": "query", "id_token_hint": "no token"},
]


@pytest.fixture
async def application(services: Services) -> Application:
    """An application with the scopes of two resources."""
    await add_resource(services, ORDERS, "orders:read")
    await add_resource(services, STOCK, "stock:read")
    return await registered(services, scopes=["openid", "email", "orders:read", "stock:read"])


@pytest.fixture
async def visitor(user_factory: UserFactory) -> Visitor:
    actor = await user_factory()
    return Visitor(actor.client)


async def test_faulty_request_is_answered_with_its_error(application: Application, visitor: Visitor) -> None:
    for changes, error in FAULTS:
        answer = application.answer(await application.begin(visitor, **changes))

        assert answer.pop("error_description").isascii()
        assert (changes, answer) == (changes, {"error": error, "state": STATE})
    assert await OAuthRequestRow.count() == 0


async def test_error_of_a_scope_says_what_is_wrong(application: Application, visitor: Visitor) -> None:
    faults = {"unknown": "scope that exists", "openid roles": "may not ask", "s" * 999: "scope that exists"}
    for scope, words in {**faults, " ".join(f"s{number}" for number in range(51)): "50 names"}.items():
        answer = application.answer(await application.begin(visitor, scope=scope))

        assert words in answer["error_description"]


async def test_refusal_is_logged_with_the_application(
    application: Application, visitor: Visitor, log_file: Path
) -> None:
    wrong = {"redirect_uri": "https://elsewhere.example.com/"}
    for changes, reason in (({"scope": "unknown"}, "The request names"), (wrong, "redirect_uri: Must be one")):
        page = await application.begin(visitor, **changes)

        lines = await lines_of_request(log_file, page.response.headers["x-request-id"])
        (line,) = [line for line in lines if line["event"] == "oauth:refused"]
        assert (line["endpoint"], line["client"]) == ("authorize", application.client.client_id)
        assert line["reason"].startswith(reason)


async def test_state_that_is_the_fault_is_not_returned(application: Application, visitor: Visitor) -> None:
    for state in (["one", "two"], "s" * 1025):
        answer = application.answer(await application.begin(visitor, state=state))

        assert answer.keys() == {"error", "error_description"}


async def test_request_without_a_fault_is_stored_with_what_it_may_ask_for(
    application: Application, visitor: Visitor
) -> None:
    for changes in HARMLESS:
        page = await application.begin(visitor, **changes)
        assert (changes, page.location[:26]) == (changes, "/account/authorize?request")

    rows = await OAuthRequestRow.select().order_by(OAuthRequestRow.id)

    assert [row["binding_hash"] is None for row in rows] == [False] * len(HARMLESS)
    assert '"scopes":["email","openid"]' in rows[2]["parameters"]
    assert f'"scopes":["orders:read"],"resources":["{ORDERS}"]' in rows[3]["parameters"]
    assert f'"resources":["{STOCK}","{ORDERS}"]' in rows[4]["parameters"]
    assert "max_age" in rows[5]["parameters"]
    assert "hint" not in rows[5]["parameters"] + rows[6]["parameters"]


async def test_client_may_leave_out_the_challenge_only_if_it_is_registered_so(
    services: Services, visitor: Visitor
) -> None:
    without = {"code_challenge": None, "code_challenge_method": None}
    free = await registered(services, require_pkce=False)

    assert (await free.begin(visitor, **without)).location.startswith("/account/authorize")
    answer = free.answer(await free.begin(visitor, code_challenge=None))
    assert answer["error"] == "invalid_request"


async def test_offline_access_is_ignored_without_the_refresh_grant(services: Services, visitor: Visitor) -> None:
    online = await registered(services, grant_types=["authorization_code"])
    refused = await registered(services, grant_types=["refresh_token"])

    await online.begin(visitor, scope="openid offline_access")
    (row,) = await OAuthRequestRow.select()

    assert '"scopes":["openid"]' in row["parameters"]
    assert online.answer(await online.begin(visitor, scope="offline_access"))["error"] == "invalid_scope"
    assert refused.answer(await refused.begin(visitor))["error"] == "unauthorized_client"


async def test_browser_is_never_redirected_to_an_address_that_is_not_registered(
    services: Services, visitor: Visitor
) -> None:
    """RFC 9700 §4.1.3, with the differences that other servers overlooked."""
    application = await registered(services, redirect_uris=[CALLBACK, "https://wiki.example.com/b?tenant=1"])
    wrong = [
        CALLBACK.upper(),
        CALLBACK[:-1],
        f"{CALLBACK}/",
        f"{CALLBACK}?x=1",
        f"{CALLBACK}#",
        CALLBACK.replace("/callback", "/..;/callback"),
        CALLBACK.replace("/callback", "/%2e/callback"),
        CALLBACK.replace("wiki", "wiki.example.com@evil"),
        CALLBACK.replace("/callback", "\\callback"),
        CALLBACK.replace("https:", "http:"),
        CALLBACK.replace(".com/", ".com:8443/"),
        "https://wiki.example.com/b?tenant=2",
        None,
        [CALLBACK, CALLBACK],
    ]
    requests: list[dict[str, Any]] = [{"redirect_uri": uri} for uri in wrong]
    requests += [{"client_id": name} for name in (None, "app_00000000000000000000", "ü", ["a", "b"])]

    for changes in requests:
        for extra in ({}, {"prompt": "none"}, {"response_type": "token"}):
            page = await application.begin(visitor, **changes, **extra)
            assert (changes, page.outcome) == (changes, (400, "invalid-request", "VALIDATION_ERROR"))
            assert page.location == ""
            assert "evil" not in page.response.text
    await OAuthClientRow.update({OAuthClientRow.is_active: False}, force=True)
    page = await application.begin(visitor)
    assert page.status == 400
    assert "<code>client_id</code>: It is disabled." in page.response.text
    assert page.response.headers["x-request-id"] in page.response.text
    assert await OAuthRequestRow.count() == 0


async def test_native_client_may_use_any_port_of_its_loopback_address(services: Services, visitor: Visitor) -> None:
    native = await registered(services, "native", redirect_uris=["http://127.0.0.1:4000/cb"])
    web = await registered(services, redirect_uris=["http://127.0.0.1:4000/cb"])

    for application, uri, is_accepted in (
        (native, "http://127.0.0.1:51234/cb", True),
        (native, "http://127.0.0.1/cb", True),
        (native, "http://localhost:4000/cb", False),
        (native, "http://127.0.0.1:4000/cb2", False),
        (web, "http://127.0.0.1:51234/cb", False),
    ):
        page = await application.begin(visitor, redirect_uri=uri)
        assert (uri, page.status == 303) == (uri, is_accepted)


async def test_answer_is_appended_to_the_query_of_the_address(services: Services, visitor: Visitor) -> None:
    application = await registered(services, redirect_uris=["https://wiki.example.com/b?tenant=1"])

    page = await application.begin(visitor, prompt="none", state=None)

    assert page.location.startswith("https://wiki.example.com/b?tenant=1&error=login_required&")
    assert "state" not in page.location
    assert page.response.headers["Cache-Control"] == "no-store"


async def test_request_of_a_form_is_read_from_its_body_only(application: Application, visitor: Visitor) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://wiki.example.com"}
    challenge = {"code_challenge": challenge_of("W" * 43)}

    page = Page(
        await visitor.client.post(ENDPOINT, params=application.request(), data={"scope": "openid"}, headers=headers)
    )
    stored = Page(await visitor.client.post(ENDPOINT, data=application.request(**challenge), headers=headers))
    hint = application.request(id_token_hint="i" * 8193)
    too_long = Page(await visitor.client.post(ENDPOINT, data=hint, headers=headers))
    many = Page(await visitor.client.post(ENDPOINT, data={f"f{n}": "1" for n in range(65)}, headers=headers))
    json = Page(await visitor.client.post(ENDPOINT, json={}, headers=headers))

    assert page.outcome == (400, "invalid-request", "VALIDATION_ERROR")
    assert (stored.status, stored.location[:26]) == (303, "/account/authorize?request")
    assert application.answer(too_long)["error"] == "invalid_request"
    assert "Set-Cookie" not in stored.response.headers
    (row,) = await OAuthRequestRow.select()
    assert row["binding_hash"] is None
    assert (many.outcome, json.outcome) == (
        (400, "error", "MALFORMED_REQUEST"),
        (415, "error", "UNSUPPORTED_MEDIA_TYPE"),
    )
