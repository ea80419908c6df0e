"""Sending a browser to a provider: what is checked before, what the provider gets, and what the browser keeps."""

import asyncio
import re
from typing import Any, Final
from uuid import uuid4

import httpx
import msgspec

from auth_api.credentials.providers.errors import ProviderErrorException, ProviderUnavailableException
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.sign_in_flows.flow import FlowPurpose, FlowStage, LinkTicket
from auth_api.sign_in_flows.tables import SignInFlowRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.aged_rows import add_user
from tests.support.fake_provider import FakeProvider
from tests.support.problems import assert_problem
from tests.support.provider_browser import (
    APP,
    APPLICATION,
    APPLICATION_START,
    HTML,
    ProviderBrowser,
    continuation,
    query_of,
)
from tests.support.statements import recorded

START: Final = "/api/auth/providers/acme/start"
CHALLENGE: Final = APPLICATION_START["code_challenge"]
COOKIE: Final = re.compile(r"auth_browser_80=bb_[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600")


async def stored(browser: ProviderBrowser, server: OtherApp, state: str) -> Any:
    flow = await server.services.core.sign_in_flows.find(state, browser.cookies["auth_browser_80"])
    assert flow is not None
    return flow


async def test_providers_are_listed_in_their_order(server: OtherApp, server_with: OtherAppFactory) -> None:
    listed = (await server.client.get("/api/auth/providers")).json()
    async with server_with(REGISTRATION="invite") as closed:
        of_closed = (await closed.client.get("/api/auth/providers")).json()

    start_url = "http://testserver/api/auth/providers/{}/start"
    assert listed == {
        "items": [
            {"id": "acme", "name": "Acme", "start_url": start_url.format("acme"), "sign_up": True},
            {"id": "globex", "name": "Globex", "start_url": start_url.format("globex"), "sign_up": False},
        ],
        "next_cursor": None,
    }
    assert [each["sign_up"] for each in of_closed["items"]] == [False, False]


async def test_server_without_providers_has_an_empty_list(client: httpx.AsyncClient) -> None:
    listed = await client.get("/api/auth/providers")
    response = await client.get(START, params=APPLICATION_START, headers={"Accept": "application/json"})

    assert listed.json() == {"items": [], "next_cursor": None}
    assert_problem(response, 404, "NOT_FOUND")


async def test_start_leads_to_the_provider_and_binds_the_sign_in_to_the_browser(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider
) -> None:
    first = await browser.get(
        START, {**APPLICATION_START, "login_hint": "ada@example.com", "prompt": "login", "x": "1"}
    )
    cookie = browser.cookies["auth_browser_80"]
    second = await browser.get(START, {"return_to": APP, "code_challenge": CHALLENGE, "code_challenge_method": "S256"})

    (request, other) = provider.requests
    assert (first.status_code, first.content) == (303, b"")
    assert first.headers["Location"].startswith("https://login.acme.example/authorize?")
    assert first.headers["Cache-Control"] == "no-store"
    assert COOKIE.fullmatch(first.headers["Set-Cookie"])
    assert COOKIE.fullmatch(second.headers["Set-Cookie"])
    assert browser.cookies == {"auth_browser_80": cookie}
    flow = await stored(browser, server, request.state)
    secrets = server.services.core.sign_in_flows.secrets_of(flow, request.state)
    assert secrets is not None
    assert request.code_challenge == challenge_of(secrets.code_verifier) != CHALLENGE
    assert request.nonce == secrets.nonce != other.nonce
    assert request.redirect_uri == "http://testserver/api/auth/providers/acme/callback"
    assert (request.login_hint, request.prompt) == ("ada@example.com", "login")
    assert (other.login_hint, other.prompt) == (None, None)
    assert (flow.stage, flow.purpose, flow.requires_new_login) == (FlowStage.STARTED, FlowPurpose.HAND_OFF, True)
    assert (flow.return_to, flow.challenge, flow.user_id) == (APPLICATION, CHALLENGE, None)
    assert [(await stored(browser, server, other.state)).requires_new_login, other.state == request.state] == [
        False
    ] * 2


OWN_PAGE: Final = {**HTML, "Sec-Fetch-Site": "same-origin"}

REFUSED: Final[list[tuple[str, str]]] = [
    ("", "VALIDATION_ERROR"),
    (f"return_to={APPLICATION}", "VALIDATION_ERROR"),
    *((f"return_to={APPLICATION}&code_challenge={'A' * length}", "VALIDATION_ERROR") for length in (42, 44)),
    (f"return_to={APPLICATION}&code_challenge={'A' * 42}=", "VALIDATION_ERROR"),
    *(
        (f"return_to={APPLICATION}&code_challenge={CHALLENGE}&{more}", "VALIDATION_ERROR")
        for more in (
            "code_challenge_method=plain",
            f"return_to={APPLICATION}",
            f"code_challenge={CHALLENGE}",
            "prompt=none",
            "prompt=login&prompt=login",
            f"login_hint={'a' * 255}",
            "ticket=ot_x",
        )
    ),
    *(
        (f"return_to={address}&code_challenge={CHALLENGE}", "RETURN_TO_NOT_ALLOWED")
        for address in (
            "//evil.example",
            "/%5Cevil.example",
            "https://app.example.com%40evil.example/signed-in",
            "https://app.example.com/%252e/signed-in",
            "https://app.example.com./signed-in",
            f"{APPLICATION}/",
            f"{APPLICATION}%3Fa=b",
            f"{APPLICATION}%0A",
            "https://APP.example.com/signed-in",
            "javascript:alert(1)",
        )
    ),
    ("ticket=ot_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ", "FLOW_INVALID"),
    ("ticket=%00", "FLOW_INVALID"),
]


async def test_start_refuses_what_it_would_not_return_to(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider
) -> None:
    for query, code in REFUSED:
        as_json = await browser.get(START, query, {"Accept": "application/json"})
        as_page = await browser.get(START, query)

        assert_problem(as_json, 400, code)
        assert (as_page.status_code, as_page.headers["X-Error-Code"]) == (400, code), query
        assert as_page.headers["Content-Type"].startswith("text/html")
        assert "style-src 'self'" in as_page.headers["Content-Security-Policy"]
        assert not {"location", "set-cookie"} & {*as_json.headers, *as_page.headers}
    unknown = await browser.get("/api/auth/providers/unknown/start", APPLICATION_START, {"Accept": "*/*"})
    assert (unknown.status_code, unknown.headers["X-Error-Code"]) == (404, "NOT_FOUND")
    assert provider.requests == []
    assert await SignInFlowRow.count() == 0


async def test_pages_begin_a_sign_in_only_from_this_server(
    server: OtherApp, browser: ProviderBrowser, server_with: OtherAppFactory
) -> None:
    own = {"continue": "/account/security"}
    journeys: list[dict[str, str]] = [own, {**own, **APPLICATION_START}, {"continue": f"/account/{'a' * 2050}"}]
    flows = [
        await stored(browser, server, query_of(await browser.get(START, query, headers))["state"])
        for query in journeys
        for headers in (OWN_PAGE, HTML)  # older browsers send no such header
    ]

    assert {flow.purpose for flow in flows} == {FlowPurpose.PAGE}
    assert [flow.continue_path for flow in flows[::2]] == ["/account/security", "/account/security", None]
    assert [flow.return_to for flow in flows[::2]] == [None, APPLICATION, None]

    for site in ("cross-site", "same-site", "none"):
        alone = await browser.get(START, own, {"Accept": "application/json", "Sec-Fetch-Site": site})
        beside = await browser.get(
            START, {**own, **APPLICATION_START}, {"Accept": "application/json", "Sec-Fetch-Site": site}
        )
        assert assert_problem(alone, 403, "CROSS_SITE_REQUEST")["rule"] == "cross_site"
        assert assert_problem(beside, 400, "VALIDATION_ERROR")["errors"][0]["code"] == "conflict"
    async with server_with(HOSTED_PAGES="false") as without_pages:
        response = await ProviderBrowser(without_pages.client).get(START, own, {"Accept": "application/json"})
        assert assert_problem(response, 400, "VALIDATION_ERROR")["errors"][0]["field"] == "return_to"


async def test_provider_that_fails_leads_to_the_page_that_tells_it(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider
) -> None:
    for refusal in (ProviderUnavailableException(), ProviderErrorException()):
        provider.refusal = refusal

        response = await browser.get(START, APPLICATION_START)

        state = provider.requests[-1].state
        flow = await stored(browser, server, state)
        assert (response.status_code, response.headers["Location"]) == (303, continuation(state))
        assert (flow.stage, flow.error_code) == (FlowStage.FAILED, refusal.error_code)
        assert (await browser.come_back(state)).headers["Location"] == continuation(state)
    assert provider.responses == []


async def test_ticket_begins_to_link_once(server: OtherApp, browser: ProviderBrowser, provider: FakeProvider) -> None:
    core, ada, session_id = server.services.core, await add_user("ada"), uuid4()

    async def new_ticket(ticket: LinkTicket) -> str:
        return await core.tokens.issue(Purpose.IDENTITY_LINK, ada, **msgspec.to_builtins(ticket))

    of_app = LinkTicket(provider="acme", session_id=session_id, return_to=APPLICATION, challenge=CHALLENGE)
    for ticket, purpose in (
        (of_app, FlowPurpose.LINK),
        (LinkTicket(provider="acme", session_id=session_id), FlowPurpose.PAGE_LINK),
    ):
        raw = await new_ticket(ticket)
        elsewhere = await browser.get(START.replace("acme", "globex"), {"ticket": raw})
        with recorded(core.database.engine) as statements:
            responses = await asyncio.gather(*(browser.get(START, {"ticket": raw}) for _ in range(20)))

        changed = [found[1] for each in statements if (found := re.match(r"(?:UPDATE|INSERT INTO) (\w+)", each))]
        assert list(dict.fromkeys(changed)) == ["users", "one_time_tokens", "sign_in_flows"]  # the order of the locks
        assert elsewhere.headers["X-Error-Code"] == "FLOW_INVALID"
        statuses = [response.status_code for response in responses]
        assert (statuses.count(303), statuses.count(400)) == (1, 19)
        (won,) = (response for response in responses if response.status_code == 303)
        browser.cookies = dict(won.cookies)
        flow = await stored(browser, server, query_of(won)["state"])
        assert (flow.purpose, flow.user_id, flow.session_id) == (purpose, ada, session_id)
        assert (flow.return_to, flow.challenge) == (ticket.return_to, ticket.challenge)
    mailed = await core.tokens.issue(Purpose.PASSWORD_RESET, ada)
    assert (await browser.get(START, {"ticket": mailed})).headers["X-Error-Code"] == "FLOW_INVALID"
    assert (await browser.get(START, {"ticket": f"{mailed}&prompt=login"})).status_code == 400
