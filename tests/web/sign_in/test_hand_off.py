"""A sign-in on the pages that is handed over to an application."""

import asyncio
import json

import httpx
import pytest

from auth_api.flows.federation.hand_off import HandOff
from auth_api.kit.errors import ApplicationException
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.tables import SignInFlowRow
from auth_api.users.credentials_repository import RecordedLogin
from auth_api.users.service import UserService
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.clock import MovableClock
from tests.support.factors import add_totp, current_code, move_to_a_new_step, switch_two_step_on
from tests.support.hand_off import JOURNEY, RETURN_TO, VERIFIER, handed_over, redeem
from tests.support.mail_flows import mark_all_verified, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.outages import outage
from tests.support.passkeys import login_options, stored_passkey
from tests.support.roles import give_role
from tests.support.rows import age_sessions
from tests.support.visitor import COOKIE, Page, Visitor


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user."""
    return await user_factory(is_verified=True)


@pytest.fixture
def visitor(ada: Actor, client: httpx.AsyncClient) -> Visitor:
    """Ada, at a browser without script."""
    return Visitor(client)


async def sign_in(visitor: Visitor) -> Page:
    """Sign in for the application with a password, and return the response."""
    page = await visitor.get("/account/login", **JOURNEY)
    return await visitor.submit(page, "/account/login", identifier="ada", password=visitor.password)


async def error_of(services: Services, code: str, verifier: str = VERIFIER) -> str:
    """Return the code of the error of an exchange; empty if it succeeds."""
    try:
        await redeem(services, code, verifier)
    except ApplicationException as error:
        return error.error_code
    return ""


async def test_application_gets_a_session_of_its_own_with_the_same_proof(visitor: Visitor, services: Services) -> None:
    page = await sign_in(visitor)
    code = handed_over(page)
    browser = await services.core.browser_sessions.find(visitor.client.cookies[COOKIE])
    assert browser is not None

    application = (await redeem(services, code)).session

    assert application.secret.raw.startswith("rt_")
    assert application.claims.session_id != browser.principal.session_id
    assert (application.claims.amr, application.claims.auth_time) == (("pwd",), browser.principal.auth_time)
    await services.core.sessions.end_one(application.claims.session_id, browser.principal.id, RequestContext())
    assert await services.core.browser_sessions.find(visitor.client.cookies[COOKIE]) is not None
    assert code not in json.dumps(await SignInFlowRow.select(), default=str)


async def test_code_works_once_and_only_with_its_verifier(visitor: Visitor, services: Services) -> None:
    code = handed_over(await sign_in(visitor))

    wrong = [f"{VERIFIER[:-1]}a", VERIFIER.lower(), JOURNEY["code_challenge"]]
    assert [await error_of(services, code, verifier) for verifier in wrong] == ["FLOW_INVALID"] * 3
    results = await asyncio.gather(*(error_of(services, code) for _ in range(20)))
    assert sorted(results) == ["", *["FLOW_INVALID"] * 19]


async def test_each_way_to_sign_in_leads_to_the_application(visitor: Visitor, ada: Actor, services: Services) -> None:
    page = await visitor.get("/account/register", **JOURNEY)
    fields = {"email": "bob@example.com", "username": "bob", "password": visitor.password}
    registered = await redeem(services, handed_over(await visitor.submit(page, "/account/register", **fields)))

    page = await visitor.get("/account/login", **JOURNEY)
    assert page.name == "continue"
    continued = await redeem(services, handed_over(await visitor.submit(page, "/account/login/continue")))

    soft = await stored_passkey(services, ada)
    page = await visitor.get("/account/login", **JOURNEY, again="1")
    credential = json.dumps(soft.get(await login_options(ada)))
    page = await visitor.submit(page, "/account/login/passkey", credential=credential)
    with_passkey = await redeem(services, handed_over(page))

    assert [(each.user.username, each.session.claims.amr) for each in (registered, continued, with_passkey)] == [
        ("bob", ("pwd",)),
        ("bob", ("pwd",)),
        ("ada", ("hwk",)),
    ]


async def test_second_factor_on_the_pages_counts_for_the_application(
    visitor: Visitor, services: Services, clock: MovableClock
) -> None:
    move_to_a_new_step(clock)
    seed = await add_totp(services, "ada")
    await switch_two_step_on("ada")

    page = await sign_in(visitor)
    assert page.name == "second-factor"
    page = await visitor.submit(page, "/account/second-factor", code=current_code(services, seed))
    application = (await redeem(services, handed_over(page))).session

    assert application.claims.amr == ("pwd", "otp")
    assert application.claims.mfa_at == application.claims.auth_time


async def test_first_factor_and_its_recovery_codes_come_before_the_application(
    app_with: OtherAppFactory, mailbox: Mailbox, ada: Actor
) -> None:
    await mark_all_verified()
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        visitor = Visitor(other.client)
        page = await visitor.submit(await sign_in(visitor), "/account/enrol/totp")
        app = AuthenticatorApp("".join(page.reader.by_id["secret"]).replace(" ", ""))
        page = await visitor.submit(page, "/account/enrol/totp/confirm", code=app.code())
        assert page.name == "recovery-codes"
        page = await visitor.submit(page, "/account/login/continue")
        application = (await redeem(other.services, handed_over(page))).session

    assert application.claims.amr == ("pwd", "otp")


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE sessions SET ended_at = created_at, ended_reason = 'logged_out'",
        "UPDATE users SET is_active = FALSE",
        "DELETE FROM users",
    ],
)
async def test_code_ends_with_the_session_of_the_browser(visitor: Visitor, services: Services, end: str) -> None:
    code = handed_over(await sign_in(visitor))
    await SessionRow.raw(end)

    with pytest.raises(FlowInvalidException):
        await redeem(services, code)


async def test_code_is_useless_if_the_session_of_the_browser_ends_at_the_same_time(
    visitor: Visitor, services: Services
) -> None:
    core = services.core

    class LateUsers(UserService):
        async def record_first_factor(self, user_id: int, *, is_first_step: bool = False) -> RecordedLogin | None:
            await SessionRow.raw("UPDATE sessions SET ended_at = created_at, ended_reason = 'logged_out'")
            return await UserService.record_first_factor(self, user_id, is_first_step=is_first_step)

    flow = await core.sign_in_flows.find_code(handed_over(await sign_in(visitor)), VERIFIER)
    hand_off = HandOff(flows=core.sign_in_flows, users=LateUsers(), sessions=core.sessions, sign_in=core.sign_in)

    with pytest.raises(FlowInvalidException):
        await hand_off.log_in(flow, RequestContext())


async def test_second_factor_that_is_required_by_now_is_not_skipped(visitor: Visitor, services: Services) -> None:
    code = handed_over(await sign_in(visitor))
    await add_totp(services, "ada")
    await UserRow.update({UserRow.second_factor_failures: 7}).where(UserRow.username == "ada")
    await switch_two_step_on("ada")

    assert await error_of(services, code) == "MFA_REQUIRED"
    (row,) = await UserRow.select(UserRow.second_factor_failures).where(UserRow.username == "ada")
    assert row["second_factor_failures"] == 7  # a code of the application must not make guesses free
    assert await error_of(services, code) == "FLOW_INVALID"


async def test_old_session_does_not_let_an_application_add_the_first_factor(
    app_with: OtherAppFactory, ada: Actor
) -> None:
    """A thief of the cookie could otherwise add a factor of their own. The person logs in again."""
    async with app_with(MFA_POLICY="admins") as other:
        visitor = Visitor(other.client)
        page = await visitor.get("/account/login", **JOURNEY, again="1")
        code = handed_over(await visitor.submit(page, "/account/login", identifier="ada", password=visitor.password))
        await give_role("ada", "support")
        await age_sessions(minutes=10)

        assert await error_of(other.services, code) == "FLOW_INVALID"
        page = await visitor.get("/account/login", **JOURNEY)
        again = await visitor.submit(page, "/account/login/continue")
        assert again.status == httpx.codes.SEE_OTHER
        login = await visitor.follow(again)
        assert login.outcome == (200, "login", "")
        page = await visitor.submit(login, "/account/login", identifier="ada", password=visitor.password)
        assert page.outcome == (200, "enrol", "")
        assert page.form("/account/enrol/totp").fields["return_to"] == RETURN_TO
        assert (await visitor.submit(page, "/account/enrol/totp")).outcome == (200, "enrol-app", "")


async def test_person_of_an_application_is_signed_in_before_an_outage(visitor: Visitor, services: Services) -> None:
    """The proof of a provider cannot be repeated, so the session that it opened must not get lost."""
    page = await visitor.get("/account/login", **JOURNEY)
    with outage(services.core.database.engine, text="INSERT INTO sign_in_flows"):
        signed_in = await visitor.submit(page, "/account/login", identifier="ada", password=visitor.password)

    assert signed_in.status == httpx.codes.SEE_OTHER
    page = await visitor.follow(signed_in)
    assert page.outcome == (200, "continue", "")
    handed_over(await visitor.submit(page, "/account/login/continue"))


async def test_tabs_of_two_applications_end_at_their_own(app_with: OtherAppFactory, ada: Actor) -> None:
    urls = ("https://one.example.com/", "https://two.example.com/?tab=2")
    async with app_with(RETURN_URLS=json.dumps(urls)) as other:
        visitor = Visitor(other.client)
        tabs = [await visitor.get("/account/login", **{**JOURNEY, "return_to": url}) for url in urls]
        for tab, url in reversed(list(zip(tabs, urls, strict=True))):
            page = await visitor.submit(tab, "/account/login", identifier="ada", password=visitor.password)
            handed_over(page, url)


async def test_log_out_leads_back_to_the_application(visitor: Visitor) -> None:
    await visitor.log_in()
    page = await visitor.get("/account/logout", return_to=RETURN_TO)
    stays = await visitor.submit(page, "/account/logout", decision="no")
    assert (stays.status, stays.location) == (303, "/account")

    left = await visitor.submit(page, "/account/logout", decision="yes")
    assert left.outcome == (200, "hop", "")
    assert f'content="0; url={RETURN_TO}"' in left.response.text
    assert "Max-Age=0" in left.response.headers["Set-Cookie"]
    again = await visitor.get("/account/logout", return_to=RETURN_TO)
    assert RETURN_TO in again.reader.links
    for return_to in (f"{RETURN_TO}/", "//evil.example"):
        refused = await visitor.get("/account/logout", return_to=return_to)
        assert (refused.status, refused.response.headers["X-Error-Code"]) == (400, "RETURN_TO_NOT_ALLOWED")


async def test_landing_page_needs_no_session(visitor: Visitor) -> None:
    page = await visitor.get("/account/signed-in")

    assert page.outcome == (200, "signed-in", "")
    assert "data-forgets" in page.response.text
