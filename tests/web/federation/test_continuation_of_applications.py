"""GET /account/login/provider for the sign-ins that an application has begun."""

import pytest

from auth_api.kit.crypto.tokens import BROWSER_ID, new_token
from auth_api.sign_in_flows.flow import FlowPurpose
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.sign_in_flows import BROWSER, RETURN_TO, prove, start
from tests.support.visitor import Visitor

PATH = "/account/login/provider"
COOKIE = "auth_browser_80"


@pytest.fixture
def browser(visitor: Visitor) -> Visitor:
    """The browser that has begun the sign-ins."""
    visitor.client.cookies.set(COOKIE, BROWSER)
    return visitor


async def test_application_gets_the_code_at_each_request(browser: Visitor, server: OtherApp) -> None:
    flows = server.services.core.sign_in_flows
    for purpose in (FlowPurpose.HAND_OFF, FlowPurpose.LINK):
        state = await start(flows, purpose=purpose)
        code = await prove(flows, state)
        for _ in range(2):
            page = await browser.get(PATH, state=state)
            assert (page.status, page.location) == (303, f"{RETURN_TO}#code={code}")
            assert page.response.headers["Cache-Control"] == "no-store"

    app = "com.example.app:/signed-in"
    state = await start(flows, return_to=app)
    code = await prove(flows, state)
    assert (await browser.get(PATH, state=state)).location == f"{app}?code={code}"


async def test_application_gets_the_error_of_the_provider(browser: Visitor, server: OtherApp) -> None:
    flows = server.services.core.sign_in_flows
    state, _ = flows.new_state()
    failed = await start(flows)
    flow = await flows.take(failed, BROWSER, "one")
    assert flow is not None
    await flows.fail(flow, "PROVIDER_DENIED")

    assert (await browser.get(PATH, state=failed)).location == f"{RETURN_TO}#error=PROVIDER_DENIED"
    assert (await browser.get(PATH, state=state)).outcome == (400, "error", "FLOW_INVALID")


async def test_browser_waits_while_the_provider_is_asked(browser: Visitor, server: OtherApp) -> None:
    flows = server.services.core.sign_in_flows
    state = await start(flows)
    assert (await browser.get(PATH, state=state)).outcome == (400, "error", "FLOW_INVALID")
    assert await flows.take(state, BROWSER, "one") is not None

    page = await browser.get(PATH, state=state)

    assert page.outcome == (200, "wait", "")
    assert page.response.headers["Refresh"] == "1"
    assert f"{PATH}?state={state}" in page.reader.links


async def test_sign_in_of_another_browser_leads_nowhere(browser: Visitor, server: OtherApp) -> None:
    flows = server.services.core.sign_in_flows
    state = await start(flows)
    await prove(flows, state)
    for cookie in (new_token(BROWSER_ID).raw, "bb_x", ""):
        browser.client.cookies.set(COOKIE, cookie)
        page = await browser.get(PATH, state=state)
        assert page.outcome == (400, "error", "FLOW_INVALID")
        assert "/account/login" in page.reader.links  # to start again
    register = await browser.get("/account/register")
    account = {"email": browser.email, "username": browser.username, "password": browser.password}
    assert (await browser.submit(register, "/account/register", **account)).location == "/account"
    assert (await browser.get(PATH, state=state)).location == "/account"
    assert (await browser.get(PATH)).location == "/account"
    browser.client.cookies.set(COOKIE, BROWSER)
    assert (await browser.get(PATH, state=state)).location.startswith(RETURN_TO)


async def test_applications_need_no_other_pages(browser: Visitor, app_with: OtherAppFactory) -> None:
    async with app_with(HOSTED_PAGES="false") as other:
        other.client.cookies.set(COOKIE, BROWSER)
        browser.client = other.client
        flows = other.services.core.sign_in_flows
        state = await start(flows)
        code = await prove(flows, state)

        assert (await browser.get(PATH, state=state)).location == f"{RETURN_TO}#code={code}"
        page = await browser.get(PATH)
        assert page.outcome == (400, "error", "FLOW_INVALID")
        assert "/account" not in page.reader.links
        assert (await browser.get("/account/login")).status == 404
