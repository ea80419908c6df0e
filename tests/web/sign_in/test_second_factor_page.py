"""POST /account/second-factor: the second step of a login on the pages."""

import httpx
import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.services import Services
from auth_api.sign_in.pending_login import MAX_ATTEMPTS
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.breakers import begin_outage
from tests.support.clock import MovableClock
from tests.support.factors import (
    add_recovery_codes,
    add_totp,
    current_code,
    move_to_a_new_step,
    switch_two_step_on,
    wrong_code,
)
from tests.support.page_passkeys import passkey_options, used_passkey
from tests.support.passkeys import stored_passkey
from tests.support.rows import audit_actions
from tests.support.visitor import COOKIE, Page, Visitor

PATH = "/account/second-factor"

ENDED = "/account/login?continue=%2Faccount%2Fsessions&done=ended"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with two-step login."""
    ada = await user_factory(is_verified=True)
    await switch_two_step_on("ada")
    return ada


@pytest.fixture
async def seed(ada: Actor, services: Services, clock: MovableClock) -> bytes:
    """The secret of her authenticator app, at the beginning of a time step."""
    move_to_a_new_step(clock)
    return await add_totp(services, "ada")


@pytest.fixture
def visitor(ada: Actor, client: httpx.AsyncClient) -> Visitor:
    """Ada, at a browser without script."""
    return Visitor(client)


def offered(page: Page) -> list[str]:
    """Return the method that a page asks for, then those of its buttons."""
    first = page.form(PATH).fields["method"]
    return [first, *(value for form in page.reader.forms for name, value in form.buttons if name == "method")]


async def test_code_completes_the_login_and_leads_on(visitor: Visitor, services: Services, seed: bytes) -> None:
    page = await visitor.log_in("/account/sessions", keep="on")

    assert (page.outcome, offered(page)) == ((200, "second-factor", ""), ["totp"])
    assert "Set-Cookie" not in page.response.headers
    assert visitor.password not in page.response.text
    done = await visitor.submit(page, PATH, code=current_code(services, seed))
    assert (done.status, done.location) == (303, "/account/sessions")
    assert "Max-Age=" in done.response.headers["Set-Cookie"]
    found = await services.core.browser_sessions.find(visitor.client.cookies[COOKIE])
    assert found is not None
    assert (found.keep, found.principal.amr) == (True, ("pwd", "otp"))


async def test_wrong_codes_show_the_attempts_left_and_the_last_one_leads_to_the_login(
    visitor: Visitor, services: Services, seed: bytes
) -> None:
    page = await visitor.log_in("/account/sessions")
    code = wrong_code(services, seed)

    for left in range(MAX_ATTEMPTS - 1, 0, -1):
        page = await visitor.submit(page, PATH, code=code)
        assert page.outcome == (422, "second-factor", "FACTOR_INVALID")
        assert f"You have {left} more attempt" in page.text
        assert code not in page.response.text
    last = await visitor.submit(page, PATH, code=code)
    assert last.outcome == (422, "second-factor", "FACTOR_INVALID")
    assert "/account/login?continue=%2Faccount%2Fsessions" in last.reader.links
    again = await visitor.submit(page, PATH, code=current_code(services, seed))
    assert (again.status, again.location) == (303, ENDED)
    assert "took too long" in (await visitor.follow(again)).text


async def test_empty_code_is_refused_and_counts_no_attempt(visitor: Visitor, services: Services, seed: bytes) -> None:
    page = await visitor.log_in()
    for _ in range(MAX_ATTEMPTS + 1):
        page = await visitor.submit(page, PATH, code="")
        assert page.outcome == (422, "second-factor", "VALIDATION_ERROR")
        assert page.field_error("code")

    assert (await visitor.submit(page, PATH, code=current_code(services, seed))).location == "/account"


async def test_other_methods_can_be_chosen_without_script(visitor: Visitor, ada: Actor, services: Services) -> None:
    await add_totp(services, "ada")
    code, *_ = await add_recovery_codes(services, "ada")
    await stored_passkey(services, ada)

    page = await visitor.log_in("/account/sessions")
    assert offered(page) == ["passkey", "totp", "recovery_code"]
    chosen = await visitor.submit(page, PATH, method="recovery_code")
    assert (chosen.outcome, offered(chosen)) == (
        (200, "second-factor", ""),
        ["recovery_code", "passkey", "totp"],
    )
    assert (await visitor.submit(chosen, PATH, code=code)).location == "/account/sessions"
    assert "recovery_code:used" in await audit_actions()


async def test_passkey_completes_the_login(visitor: Visitor, ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    page = await visitor.log_in("/account/sessions")

    for _ in range(MAX_ATTEMPTS + 1):  # an empty credential asks for new options, and counts no attempt
        before = passkey_options(page)
        page = await visitor.submit(page, PATH)
        assert page.outcome == (200, "second-factor", "")
        assert passkey_options(page)["challenge"] != before["challenge"]
    wrong = await visitor.submit(page, PATH, credential="{}")
    assert wrong.outcome == (422, "second-factor", "PASSKEY_INVALID")
    assert (await visitor.submit(wrong, PATH, credential=used_passkey(wrong, soft))).location == "/account/sessions"


async def test_last_wrong_passkey_leads_to_the_login(visitor: Visitor, ada: Actor, services: Services) -> None:
    await stored_passkey(services, ada)
    page = await visitor.log_in("/account/sessions")
    for _ in range(MAX_ATTEMPTS - 1):
        page = await visitor.submit(page, PATH, credential="{}")

    last = await visitor.submit(page, PATH, credential="{}")

    assert (last.status, last.location) == (303, ENDED)


async def test_each_tab_continues_its_own_login(visitor: Visitor, services: Services, seed: bytes) -> None:
    first = await visitor.log_in("/account/sessions", keep="on")
    second = await visitor.log_in("/account/history")

    done = await visitor.submit(second, PATH, code=current_code(services, seed))
    assert done.location == "/account/history"
    assert "Max-Age=" not in done.response.headers["Set-Cookie"]
    other = await visitor.submit(first, PATH, code=current_code(services, seed, steps=1))
    assert other.location == "/account/sessions"


async def test_account_that_is_disabled_between_the_steps_gets_no_session(
    visitor: Visitor, services: Services, seed: bytes
) -> None:
    page = await visitor.log_in()
    await UserRow.update({UserRow.is_active: False}, force=True)

    refused = await visitor.submit(page, PATH, code=current_code(services, seed))

    assert refused.outcome == (403, "account-disabled", "ACCOUNT_DISABLED")
    assert "Set-Cookie" not in refused.response.headers


async def test_account_without_a_usable_method_is_led_to_the_support(visitor: Visitor, services: Services) -> None:
    page = await visitor.log_in()

    assert page.outcome == (200, "second-factor", "")
    assert "contact the support" in page.text
    assert "/account/login" in page.reader.links


async def test_page_without_its_login_leads_to_the_sign_in_page(visitor: Visitor) -> None:
    assert (await visitor.get(PATH, **{"continue": "/account/sessions"})).location == (
        "/account/login?continue=%2Faccount%2Fsessions"
    )
    for fields in ({}, {"mfa_token": "mfa_unknown", "method": "totp", "code": "123456"}, {"mfa_token": "x" * 300}):
        page = await visitor.post(PATH, {"continue": "/account/sessions", **fields})
        assert (page.status, page.location) == (303, ENDED)


async def test_limit_keeps_the_form(visitor: Visitor, app_with: OtherAppFactory, seed: bytes) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        visitor.client = other.client
        page = await visitor.log_in()
        for _ in range(10):
            page = await visitor.submit(page, PATH, code="")
        limited = await visitor.submit(page, PATH, code="")
        assert limited.outcome == (429, "second-factor", "RATE_LIMITED")
        assert int(limited.response.headers["Retry-After"]) > 0
        assert offered(limited) == ["totp"]


async def test_outage_keeps_the_login(visitor: Visitor, ada: Actor, services: Services, seed: bytes) -> None:
    soft = await stored_passkey(services, ada)
    page = await visitor.log_in("/account/sessions")
    code_page = await visitor.submit(page, PATH, method="totp")
    await begin_outage()
    failed_passkey = await visitor.submit(page, PATH, credential=used_passkey(page, soft))
    failed_code = await visitor.submit(code_page, PATH, code="123456")
    breakers.get(SERVICE).close()

    for failed in (failed_passkey, failed_code):
        assert failed.outcome == (503, "second-factor", "CIRCUIT_BREAKER_OPEN")
        assert int(failed.response.headers["Retry-After"]) > 0
    assert passkey_options(await visitor.submit(failed_passkey, PATH))
    done = await visitor.submit(failed_code, PATH, code=current_code(services, seed))
    assert done.location == "/account/sessions"
    events = await AuditLogRow.select(AuditLogRow.details).where(AuditLogRow.action == "login:succeeded")
    assert '"via":"page"' in str(events[-1]["details"]).replace(" ", "")
