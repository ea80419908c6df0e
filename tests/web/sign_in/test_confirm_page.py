"""GET and POST /account/confirm."""

import httpx
import pytest

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.factors import add_recovery_codes, add_totp, current_code, move_to_a_new_step, wrong_code
from tests.support.page_passkeys import passkey_options, used_passkey
from tests.support.passkeys import stored_passkey
from tests.support.rows import age_sessions, audit_actions
from tests.support.visitor import COOKIE, Page, Visitor

CONFIRM = "/account/confirm"

TARGET = {"continue": "/account/security"}


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address."""
    return await user_factory(is_verified=True)


@pytest.fixture
async def visitor(ada: Actor, client: httpx.AsyncClient) -> Visitor:
    """Ada at a browser that is signed in since ten minutes."""
    visitor = Visitor(client)
    await visitor.log_in()
    await age_sessions(minutes=10)
    return visitor


async def session_of(visitor: Visitor, services: Services) -> dict[str, object]:
    """Return the session of the browser."""
    found = await services.core.browser_sessions.find(visitor.client.cookies[COOKIE])
    assert found is not None
    (row,) = await SessionRow.select().where(SessionRow.id == found.principal.session_id)
    return row


def offered(page: Page) -> list[str]:
    """Return the method that a page asks for, then those of its buttons."""
    first = page.form(CONFIRM).fields["method"]
    return [first, *(value for form in page.reader.forms for name, value in form.buttons if name == "method")]


async def test_password_confirms_and_leads_on_without_a_new_cookie(visitor: Visitor, services: Services) -> None:
    before = await session_of(visitor, services)
    page = await visitor.get(CONFIRM, **TARGET)
    assert offered(page) == ["password"]
    assert page.reader.inputs["username"]["value"] == "ada"

    done = await visitor.submit(page, CONFIRM, password=visitor.password)

    assert (done.status, done.location) == (303, "/account/security")
    assert "Set-Cookie" not in done.response.headers
    after = await session_of(visitor, services)
    assert (after["id"], after["auth_time"] > before["auth_time"]) == (before["id"], True)  # type: ignore[operator]
    assert (await visitor.get(CONFIRM, **TARGET)).location == "/account/security"
    assert (await visitor.get(CONFIRM, again="1", **TARGET)).name == "confirm"


async def test_wrong_password_is_an_invalid_factor_and_is_not_shown_again(visitor: Visitor) -> None:
    page = await visitor.get(CONFIRM, **TARGET)

    refused = await visitor.submit(page, CONFIRM, password="Wrong-Horse-7-Staple")
    assert refused.outcome == (422, "confirm", "FACTOR_INVALID")
    assert "Wrong-Horse" not in refused.response.text
    empty = await visitor.submit(refused, CONFIRM)
    assert empty.outcome == (422, "confirm", "VALIDATION_ERROR")
    assert empty.field_error("password")
    done = await visitor.submit(empty, CONFIRM, password=visitor.password)
    assert done.location == "/account/security"
    assert (await audit_actions())[-2:] == ["step_up:failed", "step_up:succeeded"]


async def test_methods_of_the_account_are_offered_best_first_and_each_works(
    visitor: Visitor, ada: Actor, services: Services, clock: MovableClock
) -> None:
    move_to_a_new_step(clock)
    seed, (code, *_) = await add_totp(services, "ada"), await add_recovery_codes(services, "ada")
    soft = await stored_passkey(services, ada)

    page = await visitor.get(CONFIRM, **TARGET)
    assert offered(page) == ["passkey", "totp", "recovery_code"]
    assert (await visitor.submit(page, CONFIRM, credential=used_passkey(page, soft))).location == "/account/security"

    await age_sessions(minutes=10)
    asked = await visitor.post(CONFIRM, {**TARGET, "method": "totp"})
    assert (asked.outcome, offered(asked)) == ((200, "confirm", ""), ["totp", "passkey", "recovery_code"])
    assert asked.reader.inputs["code"]["autocomplete"] == "one-time-code"
    wrong = await visitor.submit(asked, CONFIRM, code=wrong_code(services, seed))
    assert (wrong.outcome, offered(wrong)[0]) == ((422, "confirm", "FACTOR_INVALID"), "totp")
    assert (await visitor.submit(wrong, CONFIRM, code=current_code(services, seed))).location == "/account/security"

    asked = await visitor.post(CONFIRM, {**TARGET, "method": "recovery_code"})
    assert (await visitor.submit(asked, CONFIRM, code=code)).location == "/account/security"
    assert "recovery_code:used" in await audit_actions()


async def test_empty_credential_asks_for_new_options(visitor: Visitor, ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    page = await visitor.get(CONFIRM, **TARGET)
    again = await visitor.submit(page, CONFIRM)

    assert again.outcome == (200, "confirm", "")
    assert passkey_options(again)["challenge"] != passkey_options(page)["challenge"]
    credential = used_passkey(again, soft)
    assert (await visitor.submit(again, CONFIRM, credential=credential)).location == "/account/security"
    replayed = await visitor.submit(again, CONFIRM, credential=credential)
    assert replayed.outcome == (422, "confirm", "PASSKEY_INVALID")
    assert "step_up:failed" not in (await audit_actions())[:-1]


async def test_code_is_not_accepted_as_another_method(visitor: Visitor, ada: Actor, services: Services) -> None:
    seed = await add_totp(services, "ada")
    await stored_passkey(services, ada)
    code = current_code(services, seed)

    page = await visitor.post(CONFIRM, {"method": "passkey", "code": code})
    assert page.outcome == (200, "confirm", "")
    page = await visitor.post(CONFIRM, {"method": "password", "password": visitor.password})
    assert page.outcome == (404, "confirm", "FACTOR_NOT_FOUND")
    assert offered(page)[0] == "passkey"


async def test_wanted_level_leaves_only_the_methods_that_reach_it(
    visitor: Visitor, ada: Actor, services: Services
) -> None:
    nothing = await visitor.get(CONFIRM, acr="aal2", **TARGET)
    assert "This needs a second factor" in nothing.text

    seed = await add_totp(services, "ada")
    page = await visitor.get(CONFIRM, acr="aal2", **TARGET)
    assert offered(page) == ["totp"]
    assert page.form(CONFIRM).fields["acr"] == "aal2"
    await visitor.submit(page, CONFIRM, code=current_code(services, seed))
    assert (await visitor.get(CONFIRM, acr="aal2", **TARGET)).location == "/account/security"

    nothing = await visitor.get(CONFIRM, acr="phr", **TARGET)
    assert "method" not in nothing.reader.inputs
    assert "This needs a passkey" in nothing.text
    soft = await stored_passkey(services, ada)
    page = await visitor.get(CONFIRM, acr="phr", **TARGET)
    assert offered(page) == ["passkey"]
    await visitor.submit(page, CONFIRM, credential=used_passkey(page, soft))
    assert (await visitor.get(CONFIRM, acr="phr", **TARGET)).location == "/account/security"


async def test_account_without_a_password_logs_in_again(visitor: Visitor) -> None:
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)

    page = await visitor.get(CONFIRM, **TARGET)

    assert (page.status, page.location) == (303, "/account/login?continue=%2Faccount%2Fsecurity&again=1")


async def test_account_that_needs_its_first_factor_can_prove_the_lowest_level(
    visitor: Visitor, app_with: OtherAppFactory
) -> None:
    mail = {"MAIL_FROM": "auth@example.com", "SMTP_URL": "smtp://localhost"}
    async with app_with(MFA_POLICY="required", **mail) as other:
        other.client.cookies = visitor.client.cookies
        visitor.client = other.client

        assert "This needs a second factor" in (await visitor.get(CONFIRM, **TARGET)).text
        page = await visitor.get(CONFIRM, acr="aal1", **TARGET)
        assert offered(page) == ["password"]
        done = await visitor.submit(page, CONFIRM, password=visitor.password)
        assert done.location == "/account/security"
        assert (await visitor.get(CONFIRM, acr="aal1", **TARGET)).location == "/account/security"


async def test_signed_out_person_logs_in_first(visitor: Visitor, services: Services) -> None:
    page = await visitor.get(CONFIRM, **TARGET)
    user = await services.core.users.find("ada")
    await services.core.sessions.end_all(user.id, reason=AccessEvent.LOGGED_OUT)

    asked = await visitor.get(CONFIRM, **TARGET)
    assert asked.location == "/account/login?continue=%2Faccount%2Fconfirm%3Fcontinue%3D%252Faccount%252Fsecurity"
    sent = await visitor.submit(page, CONFIRM, password=visitor.password)
    assert (sent.status, sent.location) == (303, "/account/login?continue=%2Faccount%2Fconfirm")
