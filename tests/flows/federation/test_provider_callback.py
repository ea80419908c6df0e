"""Coming back from a provider: one answer of the provider counts, in the browser in which the sign-in was begun."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from auth_api.credentials.providers.errors import (
    ProviderDeniedException,
    ProviderErrorException,
    ProviderUnavailableException,
)
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.kit.prometheus import registry
from auth_api.services import Services
from auth_api.sign_in_flows.flow import Flow, FlowStage
from auth_api.sign_in_flows.tables import SignInFlowRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.fake_provider import IDENTITY, FakeProvider
from tests.support.log_lines import lines_of_request
from tests.support.provider_browser import (
    APPLICATION_START,
    CONTINUATION,
    HTML,
    VERIFIER,
    ProviderBrowser,
    continuation,
)
from tests.support.statements import recorded

CALLBACK: Final = "/api/auth/providers/acme/callback"


async def stored(services: Services, browser: ProviderBrowser, state: str) -> Flow:
    flow = await services.core.sign_in_flows.find(state, browser.cookies["auth_browser_80"])
    assert flow is not None
    return flow


async def code_of(services: Services, browser: ProviderBrowser, state: str) -> str:
    secrets = services.core.sign_in_flows.secrets_of(await stored(services, browser, state), state)
    assert secrets is not None
    return secrets.code.raw


async def test_proof_is_stored_with_what_it_was_asked_with(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider
) -> None:
    at = datetime(2026, 2, 19, 10, 30, tzinfo=UTC)
    provider.answer = msgspec.structs.replace(IDENTITY, auth_time=at, roles=("editor",))
    state = await browser.start(prompt="login")
    begun = await stored(server.services, browser, state)

    response = await browser.come_back(state, iss="https://login.acme.example")

    (asked,) = provider.responses
    (request,) = provider.requests
    flow = await stored(server.services, browser, state)
    assert (response.status_code, response.headers["Location"]) == (303, continuation(state))
    assert "set-cookie" not in response.headers
    assert (asked.code, asked.iss, asked.error) == ("upstream-code", "https://login.acme.example", None)
    assert (asked.nonce, asked.redirect_uri) == (request.nonce, request.redirect_uri)
    assert (asked.started_at, asked.requires_new_login) == (begun.created_at, True)
    assert flow.stage is FlowStage.PROVED
    new_login = msgspec.structs.replace(provider.answer, auth_time=begun.created_at)  # see `requires_new_login`
    assert msgspec.convert(flow.evidence, UpstreamIdentity) == new_login
    found = await server.services.core.sign_in_flows.find_code(await code_of(server.services, browser, state), VERIFIER)
    assert found == flow


async def test_proof_is_as_old_as_the_answer_of_the_provider(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider
) -> None:
    """If the provider states no time. A sign-up may follow a quarter of an hour later; the proof is not recent then."""
    assert isinstance(provider.answer, UpstreamIdentity)
    state = await browser.start()
    earliest = server.services.core.clock()

    await browser.come_back(state)

    latest = server.services.core.clock()
    proof = msgspec.convert((await stored(server.services, browser, state)).evidence, UpstreamIdentity)
    assert provider.answer.auth_time is None
    assert proof.auth_time is not None
    assert earliest <= proof.auth_time <= latest


async def test_no_connection_is_held_while_the_provider_is_asked(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start needs one statement, a callback one before the provider is asked and one after it."""
    engine, before = server.services.core.database.engine, dict[str, int]()
    for name in ("authorization_url", "prove"):
        ask = getattr(provider, name)

        async def watched(question: Any, *, _ask: Any = ask, _name: str = name) -> Any:
            assert not engine.transaction_exists()
            before[_name] = len(statements)
            return await _ask(question)

        monkeypatch.setattr(provider, name, watched)

    with recorded(engine) as statements:
        state = await browser.start()
        await browser.come_back(state)

    assert before == {"authorization_url": 0, "prove": 2}
    assert len(statements) == 3


async def test_twenty_callbacks_ask_the_provider_once(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider
) -> None:
    state = await browser.start()

    responses = await asyncio.gather(*(browser.come_back(state) for _ in range(20)))
    late = await browser.come_back(state, code="another-code")

    assert {(each.status_code, each.headers["Location"]) for each in (*responses, late)} == {(303, continuation(state))}
    assert len(provider.responses) == 1
    assert (await stored(server.services, browser, state)).stage is FlowStage.PROVED


async def test_sign_in_of_another_browser_or_provider_is_not_asked_about(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider, second_provider: FakeProvider
) -> None:
    """Login CSRF (RFC 9700 §4.7) and mix-up (§4.4): the provider is not asked, and the right browser can go on."""
    state = await browser.start()
    victim, without_cookie = ProviderBrowser(browser.client), ProviderBrowser(browser.client)
    await victim.start()

    refused = [
        await victim.come_back(state),
        await without_cookie.come_back(state),
        await browser.come_back(state, provider="globex"),
        await browser.come_back(f"{state[:-1]}{'E' if state.endswith('A') else 'A'}"),
        await browser.get(CALLBACK, ""),
        await browser.get(CALLBACK, f"state={state}&state={state}&code=x"),
        await browser.get(CALLBACK, "state=%00%FF&code=x"),
    ]

    assert {(each.status_code, each.headers["Location"]) for each in refused} == {(303, CONTINUATION)}
    assert [provider.responses, second_provider.responses] == [[], []]
    assert (await stored(server.services, browser, state)).stage is FlowStage.STARTED
    assert (await browser.come_back(state, x="1")).headers["Location"] == continuation(state)
    assert len(provider.responses) == 1


@pytest.mark.parametrize("error", [ProviderDeniedException, ProviderErrorException, ProviderUnavailableException])
async def test_failed_proof_is_stored_with_its_error(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider, error: Any
) -> None:
    provider.answer = error()
    state = await browser.start()
    outcome = error.error_code.removeprefix("PROVIDER_").lower()
    labels = {"provider": "acme", "purpose": "hand_off"}

    def count() -> float:
        return registry.get_sample_value("auth_api_sign_in_flows_total", {**labels, "outcome": outcome}) or 0

    before = count()
    response = await browser.get(CALLBACK, {"state": state, "error": "access_denied"})

    flow = await stored(server.services, browser, state)
    assert (response.status_code, response.headers["Location"]) == (303, continuation(state))
    assert (provider.responses[0].error, provider.responses[0].code) == ("access_denied", None)
    assert (flow.stage, flow.error_code, flow.evidence) == (FlowStage.FAILED, error.error_code, None)
    assert count() == before + 1


async def test_log_has_nothing_of_the_address_of_a_callback(
    server: OtherApp, browser: ProviderBrowser, provider: FakeProvider, log_file: Path
) -> None:
    provider.answer = ProviderErrorException()
    state = await browser.start()
    secrets = {"state": state, "code": "upstream-code-1", "error": "their-error", "error_description": "their-words"}

    response = await browser.get(CALLBACK, secrets)

    lines = await lines_of_request(log_file, response.headers["X-Request-ID"])
    assert [line["path"] for line in lines if "path" in line] == [CALLBACK]
    request = provider.requests[0]
    hidden = {*secrets.values(), request.nonce, provider.responses[0].code_verifier, browser.cookies["auth_browser_80"]}
    assert [text for text in hidden if text in log_file.read_text(encoding="utf-8")] == []  # noqa: ASYNC240 - small
    assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_two_tabs_finish_in_any_order(server: OtherApp, browser: ProviderBrowser) -> None:
    first = await browser.start()
    second = await browser.start(provider="globex")

    await browser.come_back(second, provider="globex")
    await browser.come_back(first)

    codes = {await code_of(server.services, browser, state) for state in (first, second)}
    found = [await server.services.core.sign_in_flows.find_code(code, VERIFIER) for code in codes]
    assert {flow.provider for flow in found} == {"acme", "globex"}


async def test_sign_in_goes_on_after_a_restart_with_another_derivation_key(
    server_with: OtherAppFactory, provider: FakeProvider
) -> None:
    async with server_with(TOKEN_DERIVATION_KEY="before-the-rotation-0123456789-abcdefghijk") as old:
        before = ProviderBrowser(old.client)
        states = [await before.start() for _ in range(3)]
        await before.come_back(states[0])
        code = await code_of(old.services, before, states[0])
    rotated = {
        "TOKEN_DERIVATION_KEY": "after-the-rotation-0123456789-abcdefghijkl",
        "JWT_PREVIOUS_KEYS": '["before-the-rotation-0123456789-abcdefghijk"]',
    }
    async with server_with(**rotated) as new:
        after = ProviderBrowser(new.client, before.cookies)
        await after.come_back(states[1])
        assert await code_of(new.services, after, states[0]) == code
        assert (await stored(new.services, after, states[1])).stage is FlowStage.PROVED
    async with server_with(TOKEN_DERIVATION_KEY=rotated["TOKEN_DERIVATION_KEY"]) as without:
        await ProviderBrowser(without.client, before.cookies).come_back(states[2])
        failed = await stored(without.services, before, states[2])

    nonces = [request.nonce for request in provider.requests]
    assert [response.nonce for response in provider.responses] == nonces[:2]
    assert (failed.stage, failed.error_code) == (FlowStage.FAILED, "FLOW_INVALID")


async def test_callback_has_no_other_methods_and_unknown_providers_no_callback(
    server: OtherApp, browser: ProviderBrowser
) -> None:
    posted = await server.client.post(CALLBACK, headers=HTML, data={"state": "x"})
    unknown = await browser.get(CALLBACK.replace("acme", "unknown"), {"state": "x"})

    assert (posted.status_code, posted.headers["X-Error-Code"]) == (405, "METHOD_NOT_ALLOWED")
    assert (unknown.status_code, unknown.headers["X-Error-Code"]) == (404, "NOT_FOUND")


async def test_head_uses_nothing_up(server: OtherApp, browser: ProviderBrowser, provider: FakeProvider) -> None:
    """Mail scanners and previews of links send HEAD, and must not use up the way back of a person."""
    state = await browser.start()
    query = {"state": state, "code": "upstream-code"}
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    rows = await SignInFlowRow.select()

    for path in (CALLBACK, CALLBACK.replace("callback", "start"), "/account/login/provider"):
        refused = await server.client.head(path, params={**query, **APPLICATION_START}, headers={**HTML, **cookies})
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET"), path
        assert "Set-Cookie" not in refused.headers

    assert (await SignInFlowRow.select(), provider.responses) == (rows, [])
    assert (await browser.come_back(state)).headers["Location"] == continuation(state)
    assert len(provider.responses) == 1
