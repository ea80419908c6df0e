"""Sign-ins by a provider where the server requires a second factor: the first one is added on the way."""

import msgspec
import pytest

from auth_api.credentials.providers.service import Providers
from tests.conftest import OtherAppFactory
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.fake_provider import IDENTITY, FakeProvider
from tests.support.mail_flows import mark_all_verified, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.visitor import COOKIE, Page, Visitor
from tests.web.federation.conftest import log_in_by_provider

APP = "/account/enrol/totp"


async def add_app(visitor: Visitor, page: Page) -> Page:
    """Add an authenticator app on the way, and return the page with the recovery codes."""
    assert page.outcome == (200, "enrol", "")
    page = await visitor.submit(page, APP)
    app = AuthenticatorApp("".join(page.reader.by_id["secret"]).replace(" ", ""))
    return await visitor.submit(page, f"{APP}/confirm", code=app.code())


async def test_first_factor_follows_the_sign_up_and_ends_a_link(
    app_with: OtherAppFactory, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = FakeProvider()
    monkeypatch.setattr("auth_api.composition.create_providers", lambda *_: Providers((provider,)))
    target = {"continue": "/account/keys"}
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        visitor = Visitor(other.client)
        page = await visitor.submit(await log_in_by_provider(visitor, **target), "/account/login/sign-up")
        codes = await add_app(visitor, page)
        assert codes.outcome == (200, "recovery-codes", "")
        assert (await visitor.submit(codes, "/account/login/continue")).location == "/account/keys"

        visitor.client.cookies.delete(COOKIE)
        register = await visitor.get("/account/register")
        account = {"email": "grace@example.com", "username": "grace", "password": visitor.password}
        assert (await visitor.submit(register, "/account/register", **account)).name == "check-mail"
        await mark_all_verified()
        provider.answer = msgspec.structs.replace(IDENTITY, subject="2", email="grace@example.com")
        page = await log_in_by_provider(visitor, **target)
        assert page.outcome == (200, "login", "")
        codes = await add_app(visitor, await visitor.submit(page, "/account/login", password=visitor.password))
        assert codes.outcome == (200, "recovery-codes", "")
        after = await visitor.submit(codes, "/account/login/continue")
        assert after.location == "/account/identities?error=FLOW_INVALID"  # a new factor ends what was begun before
        assert (await visitor.follow(after)).outcome == (200, "identities", "FLOW_INVALID")
