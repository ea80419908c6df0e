"""POST /account/enrol/…: a login that must add its first factor."""

from collections.abc import AsyncIterator

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.breakers import begin_outage
from tests.support.mail_flows import mark_all_verified, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.page_passkeys import created_passkey, passkey_options
from tests.support.passkeys import new_authenticator
from tests.support.rows import audit_actions
from tests.support.visitor import COOKIE, Page, Visitor

APP = "/account/enrol/totp"
CONFIRM_APP = f"{APP}/confirm"
PASSKEY = "/account/enrol/passkey"
CONFIRM_PASSKEY = f"{PASSKEY}/confirm"

ENDED = "/account/login?continue=%2Faccount%2Fsessions&done=ended"


@pytest.fixture
async def requiring(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    """An application that requires second factors."""
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        yield other


@pytest.fixture
def services(requiring: OtherApp) -> Services:
    """The services of this application."""
    return requiring.services


@pytest.fixture
async def visitor(requiring: OtherApp) -> Visitor:
    """Ada at a browser without script; her account has no second factor."""
    ada = Actor(requiring.client)
    account = {"email": ada.email, "username": ada.username, "password": ada.password}
    assert (await ada.call("POST", "/api/auth/register", token="", json=account)).status == 201
    await OutboxRow.delete(force=True)
    await mark_all_verified()
    return Visitor(requiring.client)


def app_of(page: Page) -> AuthenticatorApp:
    """Return an authenticator app with the secret of a page."""
    return AuthenticatorApp("".join(page.reader.by_id["secret"]).replace(" ", ""))


def codes_of(page: Page) -> list[str]:
    """Return the recovery codes of a page."""
    return "".join(page.reader.by_id["codes"]).split()


async def test_authenticator_app_completes_the_login_and_the_codes_are_shown_once(
    visitor: Visitor, services: Services
) -> None:
    page = await visitor.log_in("/account/sessions", keep="on")
    assert page.outcome == (200, "enrol", "")
    assert {form.action for form in page.reader.forms} == {APP, PASSKEY}
    page = await visitor.submit(page, APP)
    assert page.outcome == (200, "enrol-app", "")
    app = app_of(page)

    codes = await visitor.submit(page, CONFIRM_APP, code=app.code())
    assert codes.outcome == (200, "recovery-codes", "")
    assert len(codes_of(codes)) == 10
    assert "Max-Age=" in codes.response.headers["Set-Cookie"]
    assert "?lang=" not in codes.response.text
    done = await visitor.submit(codes, "/account/login/continue")
    assert (done.status, done.location) == (303, "/account/sessions")

    reloaded = await visitor.submit(page, CONFIRM_APP, code=app.code())
    assert (reloaded.status, reloaded.location) == (303, ENDED)
    assert (await visitor.follow(reloaded)).name == "continue"
    found = await services.core.browser_sessions.find(visitor.client.cookies[COOKIE])
    assert found is not None
    assert (found.keep, found.principal.amr) == (True, ("pwd", "otp"))
    assert "login:succeeded" in await audit_actions()


async def test_wrong_code_keeps_the_secret_that_the_app_already_has(visitor: Visitor) -> None:
    page = await visitor.submit(await visitor.log_in(), APP)
    app = app_of(page)

    wrong = await visitor.submit(page, CONFIRM_APP, code="000000")
    assert wrong.outcome == (422, "enrol-app", "FACTOR_INVALID")
    assert app.secret not in wrong.response.text
    empty = await visitor.submit(wrong, CONFIRM_APP, code="")
    assert (empty.outcome, bool(empty.field_error("code"))) == ((422, "enrol-app", "VALIDATION_ERROR"), True)
    assert (await visitor.submit(wrong, CONFIRM_APP, code=app.code())).name == "recovery-codes"


async def test_secret_can_be_replaced_by_a_new_one(visitor: Visitor) -> None:
    page = await visitor.submit(await visitor.log_in(), APP)
    old = app_of(page)
    wrong = await visitor.submit(page, CONFIRM_APP, code="000000")
    new = app_of(await visitor.submit(wrong, APP))

    assert (await visitor.submit(wrong, CONFIRM_APP, code=old.code())).error == "FACTOR_INVALID"
    assert (await visitor.submit(wrong, CONFIRM_APP, code=new.code())).name == "recovery-codes"


async def test_passkey_completes_the_login(visitor: Visitor) -> None:
    soft = new_authenticator()
    page = await visitor.submit(await visitor.log_in("/account/sessions"), PASSKEY)
    assert page.outcome == (200, "enrol-passkey", "")
    again = await visitor.submit(page, CONFIRM_PASSKEY, name="Laptop")
    assert again.outcome == (200, "enrol-passkey", "")
    assert again.form(CONFIRM_PASSKEY).fields["name"] == "Laptop"
    assert passkey_options(again)["challenge"] != passkey_options(page)["challenge"]

    wrong = await visitor.submit(again, CONFIRM_PASSKEY, credential="{}")
    assert wrong.outcome == (422, "enrol-passkey", "PASSKEY_INVALID")
    visitor.headers |= {"User-Agent": "Firefox/140.0 (Linux)", "Accept-Language": "de"}
    codes = await visitor.submit(wrong, CONFIRM_PASSKEY, credential=created_passkey(wrong, soft), name="")
    assert (codes.outcome, len(codes_of(codes))) == ((200, "recovery-codes", ""), 10)
    assert await PasskeyRow.select(PasskeyRow.name) == [{"name": "Firefox unter Linux"}]
    assert (await visitor.submit(codes, "/account/login/continue")).location == "/account/sessions"


async def test_login_that_has_ended_leads_to_the_sign_in_page(visitor: Visitor) -> None:
    for path in (APP, CONFIRM_APP, PASSKEY, CONFIRM_PASSKEY):
        shown = await visitor.get(path, **{"continue": "/account/sessions"})
        assert shown.location == "/account/login?continue=%2Faccount%2Fsessions", path
        fields = {"continue": "/account/sessions", "mfa_token": "mfa_unknown", "code": "123456", "credential": "{}"}
        sent = await visitor.post(path, fields)
        assert (sent.status, sent.location) == (303, ENDED), path


async def test_account_that_is_disabled_meanwhile_gets_no_session(visitor: Visitor) -> None:
    begun = await visitor.log_in()
    app_page, passkey_page = await visitor.submit(begun, APP), await visitor.submit(begun, PASSKEY)
    await UserRow.update({UserRow.is_active: False}, force=True)

    credential = created_passkey(passkey_page, new_authenticator())
    for page in (
        await visitor.submit(app_page, CONFIRM_APP, code=app_of(app_page).code()),
        await visitor.submit(passkey_page, CONFIRM_PASSKEY, credential=credential),
    ):
        assert page.outcome == (403, "account-disabled", "ACCOUNT_DISABLED")
        assert "Set-Cookie" not in page.response.headers


async def test_outage_keeps_the_login(visitor: Visitor) -> None:
    begun = await visitor.log_in("/account/sessions")
    app_page, passkey_page = await visitor.submit(begun, APP), await visitor.submit(begun, PASSKEY)
    credential = created_passkey(passkey_page, new_authenticator())
    await begin_outage()
    failed = [
        await visitor.submit(begun, APP),
        await visitor.submit(app_page, CONFIRM_APP, code="123456"),
        await visitor.submit(begun, PASSKEY),
        await visitor.submit(passkey_page, CONFIRM_PASSKEY, credential=credential, name="Laptop"),
    ]
    breakers.get(SERVICE).close()

    for page, name in zip(failed, ("enrol-app", "enrol-app", "enrol-passkey", "enrol-passkey"), strict=True):
        assert page.outcome == (503, name, "CIRCUIT_BREAKER_OPEN")
        assert (await visitor.submit(page, APP)).outcome == (200, "enrol-app", "")
        assert (await visitor.submit(page, PASSKEY)).outcome == (200, "enrol-passkey", "")
