"""What a person has to do before an application gets its answer, and what it is told if `prompt=none` excludes that."""

from typing import Any, Final

import pytest

from auth_api.kit.request_context import RequestContext
from auth_api.oauth.authorize.decisions import Decisions
from auth_api.oauth.authorize.request_checks import RequestChecks
from auth_api.oauth.authorize.requirements import Requirements, Step
from auth_api.oauth.authorize.service import Authorization
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.requests.request import RequestParameters
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from auth_api.sessions.principal import Principal
from auth_api.sessions.tables import BrowserSessionRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.authorization import ENDPOINT, Application, decide, follow, registered, sign_in
from tests.support.clock import MovableClock
from tests.support.factors import add_totp, current_code, move_to_a_new_step
from tests.support.roles import add_role, give_role
from tests.support.rows import age_sessions
from tests.support.visitor import COOKIE, Page, Visitor

CONFIRM: Final = "/account/confirm"


@pytest.fixture
async def application(services: Services) -> Application:
    """An application of the operator, which needs no consent."""
    return await registered(services, first_party=True, scopes=["openid"], redirect_uris=["https://wiki.example.com/"])


@pytest.fixture(autouse=True)
def usual_scope(application: Application) -> None:
    application.parameters["scope"] = "openid"


async def auth_time() -> object:
    """Return the time of the last proof of identity of the session of the browser."""
    (row,) = await SessionRow.select(SessionRow.auth_time).where(
        SessionRow.id.is_in(BrowserSessionRow.select(BrowserSessionRow.session_id)), SessionRow.ended_at.is_null()
    )
    return row["auth_time"]


async def silent_error(application: Application, visitor: Visitor, **changes: Any) -> str:
    """Return the error for a request with `prompt=none`; empty if it gets a code."""
    return application.answer(await application.begin(visitor, prompt="none", **changes)).get("error", "")


async def confirm(visitor: Visitor, page: Page, **proof: str) -> Page:
    """Prove the identity again on the page that asks for it."""
    assert page.name == "confirm", page.outcome
    return await follow(visitor, await visitor.submit(page, CONFIRM, **proof))


async def test_person_without_a_session_signs_in_first(application: Application, visitor: Visitor) -> None:
    visitor.client.cookies.delete(COOKIE)
    assert await silent_error(application, visitor) == "login_required"

    page = await follow(
        visitor, await application.begin(visitor, login_hint="ada@example.com", prompt="login", max_age="0")
    )

    assert page.reader.inputs["identifier"]["value"] == "ada@example.com"
    assert application.answer(await sign_in(visitor, page))["code"]
    await UserRow.update({UserRow.is_active: False}, force=True)
    assert await silent_error(application, visitor) == "login_required"


async def test_new_proof_is_asked_for_once_and_only_if_the_last_one_is_too_old(
    application: Application, visitor: Visitor
) -> None:
    await age_sessions(seconds=100)
    before = await auth_time()

    assert await silent_error(application, visitor, max_age="10000") == ""
    assert application.answer(await application.begin(visitor, max_age="10000"))["code"]
    assert await auth_time() == before
    for changes in ({"max_age": "0"}, {"max_age": "1"}, {"prompt": "login"}, {"prompt": "login", "max_age": "10000"}):
        page = await follow(visitor, await application.begin(visitor, **changes))
        assert application.answer(await confirm(visitor, page, password=visitor.password))["code"]
        after = await auth_time()
        assert after > before, changes  # type: ignore[operator]
        await age_sessions(seconds=100)
        before = await auth_time()
    assert await silent_error(application, visitor, max_age="50") == "login_required"
    assert await SessionRow.count().where(SessionRow.ended_at.is_not_null()) == 0


async def test_account_is_chosen_by_a_new_sign_in(application: Application, visitor: Visitor) -> None:
    page = await follow(visitor, await application.begin(visitor, prompt="select_account"))

    assert application.answer(await sign_in(visitor, page))["code"]


async def test_hint_of_another_account_asks_for_that_account_once(
    application: Application, visitor: Visitor, services: Services, user_factory: UserFactory
) -> None:
    eve = await user_factory()
    subjects = {row["username"]: str(row["subject"]) for row in await UserRow.select(UserRow.username, UserRow.subject)}
    keys = services.of(Authorization).checks.keys

    async def hint(username: str, **claims: object) -> dict[str, str]:
        usual = {"iss": "http://testserver", "sub": subjects[username], "aud": application.client.client_id, "exp": 1}
        return {"id_token_hint": await keys.sign_id_token({**usual, **claims})}

    of_eve = await hint(eve.username)

    assert await silent_error(application, visitor, **await hint("ada")) == ""
    assert await silent_error(application, visitor, **of_eve) == "login_required"
    for changes in ({"aud": "app_00000000000000000000"}, {"iss": "https://evil.example.com"}):
        assert await silent_error(application, visitor, **await hint(eve.username, **changes)) == ""
    page = await follow(visitor, await application.begin(visitor, **of_eve))
    assert application.answer(await sign_in(visitor, page))["error"] == "login_required"
    page = await follow(visitor, await application.begin(visitor, **of_eve))
    visitor.username = eve.username
    assert application.answer(await sign_in(visitor, page))["code"]


async def test_role_is_needed_at_each_step(services: Services, visitor: Visitor, user_factory: UserFactory) -> None:
    await add_role("employee", [])
    application = await registered(services, required_role="employee", redirect_uris=["https://wiki.example.com/"])

    assert await silent_error(application, visitor) == "access_denied"
    page = await follow(visitor, await application.begin(visitor, acr_values="phr"))
    assert page.outcome == (200, "role", "")
    assert "Wiki is only for accounts with a certain role." in page.text
    forged = {**page.form("/account/authorize").fields, "decision": "allow"}
    assert (await follow(visitor, await visitor.post("/account/authorize", forged))).name == "role"
    assert application.answer(await decide(visitor, page, "deny"))["error"] == "access_denied"
    await give_role("ada", "employee")
    page = await follow(visitor, await application.begin(visitor))
    assert page.name == "consent"
    visitor.username = (await user_factory()).username
    page = await sign_in(visitor, await decide(visitor, page, "switch"))
    assert page.name == "role"


async def test_level_is_reached_by_a_step_up_if_the_account_can(
    application: Application, visitor: Visitor, services: Services, clock: MovableClock
) -> None:
    for levels, error in (("aal1", ""), ("gold", ""), ("gold phr aal1", ""), ("aal2 phr", "unmet"), ("phr", "unmet")):
        answer = application.answer(await application.begin(visitor, acr_values=levels))
        assert (levels, answer.get("error", "")[:5]) == (levels, error)
    seed = await add_totp(services, "ada")
    move_to_a_new_step(clock)

    assert await silent_error(application, visitor, acr_values="phr") == "unmet_authentication_requirements"
    assert await silent_error(application, visitor, acr_values="phr aal2") == "interaction_required"
    page = await follow(visitor, await application.begin(visitor, acr_values="phr aal2"))
    assert "acr=aal2" in page.path
    assert application.answer(await confirm(visitor, page, code=current_code(services, seed)))["code"]
    assert await silent_error(application, visitor, acr_values="aal2") == ""
    posted = await visitor.client.post(ENDPOINT, data=application.request(acr_values="phr"))
    answer = application.answer(await follow(visitor, Page(posted)))
    assert answer["error"] == "unmet_authentication_requirements"


async def test_consent_cannot_be_asked_for_silently(services: Services, visitor: Visitor) -> None:
    application = await registered(services)

    assert await silent_error(application, visitor) == "consent_required"
    await decide(visitor, await follow(visitor, await application.begin(visitor)), "allow")
    assert await silent_error(application, visitor) == ""
    assert await silent_error(application, visitor, scope="openid offline_access") == "consent_required"


async def test_decision_of_a_session_that_ended_meanwhile_is_ignored(services: Services, visitor: Visitor) -> None:
    """Otherwise an application that a thief allows would survive the reset of the owner."""
    application = await registered(services)
    page = await follow(visitor, await application.begin(visitor, scope="openid offline_access"))
    decisions = services.of(Decisions)
    browser, session = (visitor.client.cookies[name] for name in ("auth_browser_80", COOKIE))
    waiting = await decisions.find(page.form("/account/authorize").fields["request"], browser)
    signed_in = await services.core.browser_sessions.find(session)
    assert signed_in is not None
    await services.core.browser_sessions.log_out(session, RequestContext())

    await decisions.approve(waiting, signed_in.principal, RequestContext())

    assert (await decisions.find(str(page.form("/account/authorize").fields["request"]), browser)).is_open
    assert await OAuthConsentRow.count() == 0


async def test_consent_that_is_withdrawn_meanwhile_is_not_stored_again(
    services: Services, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision was taken before the account was locked, for which it may have waited for the withdrawal."""
    application = await registered(services)
    await application.code(visitor, scope="openid")
    hold = Decisions.hold

    async def withdraw_and_hold(self: Decisions, principal: Principal) -> bool:
        await OAuthConsentRow.delete(force=True)
        return await hold(self, principal)

    monkeypatch.setattr(Decisions, "hold", withdraw_and_hold)
    answer = application.answer(await application.begin(visitor, scope="openid"))

    assert (answer["error"], "code" in answer) == ("consent_required", False)


async def test_client_that_is_deleted_meanwhile_causes_no_server_error(
    application: Application, services: Services, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, next_step = RequestChecks.read, Requirements.next_step

    async def delete_after_read(*arguments: Any) -> RequestParameters:
        parameters = await read(*arguments)
        await OAuthClientRow.delete(force=True)
        return parameters

    async def delete_after_decision(*arguments: Any) -> Step | None:
        step = await next_step(*arguments)
        await OAuthClientRow.delete(force=True)
        return step

    page = await follow(visitor, await application.begin(visitor, prompt="consent"))
    with monkeypatch.context() as patch:
        patch.setattr(Requirements, "next_step", delete_after_decision)
        decided = await visitor.submit(page, "/account/authorize", decision="allow")
    assert (await visitor.get(decided.location)).outcome == (400, "error", "FLOW_INVALID")
    for changes, status in (({"prompt": "login"}, 400), ({}, 303)):
        other = await registered(services, first_party=True)
        with monkeypatch.context() as patch:
            patch.setattr(RequestChecks, "read", delete_after_read)
            assert (await other.begin(visitor, **changes)).status == status
    assert await OAuthRequestRow.count() == 0
