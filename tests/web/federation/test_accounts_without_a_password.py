"""The pages of people whose account has no password: they log in by a provider."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from auth_api.users.tables import UserRow
from tests.conftest import OtherApp
from tests.support.authorization import follow, registered
from tests.support.fake_provider import IDENTITY, FakeProvider
from tests.support.identities import add_identity
from tests.support.rows import age_sessions
from tests.support.visitor import COOKIE, Page, Visitor
from tests.web.federation.conftest import come_back
from tests.web.federation.test_provider_buttons import starts

CONFIRM = "/account/confirm"


@pytest.fixture
async def ada(visitor: Visitor) -> Visitor:
    """Ada, whose account has lost its password, at a browser that is signed in since ten minutes."""
    register = await visitor.get("/account/register")
    fields = {"email": visitor.email, "username": visitor.username, "password": visitor.password}
    await visitor.submit(register, "/account/register", **fields)
    await UserRow.update({UserRow.hashed_password: "!"}, force=True)
    await age_sessions(minutes=10)
    return visitor


async def test_person_confirms_by_a_new_login_with_a_linked_provider(ada: Visitor, server: OtherApp) -> None:
    target = {"continue": "/account/password"}
    nothing_linked = await ada.get(CONFIRM, **target)
    assert nothing_linked.location == "/account/login?continue=%2Faccount%2Fpassword&again=1"
    again = await ada.follow(nothing_linked)
    assert starts(again)["/api/auth/providers/acme/start"] == {**target, "prompt": "select_account"}

    (user,) = await UserRow.select(UserRow.id)
    await add_identity(server.services, user["id"])
    page = await ada.get(CONFIRM, **target)
    assert page.outcome == (200, "sign-in-again", "")
    assert starts(page) == {"/api/auth/providers/acme/start": {**target, "prompt": "login"}}


async def test_pages_speak_of_no_password(ada: Visitor) -> None:
    assert "Your account has no password." in (await ada.get("/account/password")).text
    assert "One step is enough to log in." in (await ada.get("/account/security")).text
    await UserRow.update({UserRow.two_step_since: UserRow.created_at}, force=True)
    for path in ("/account/security", "/account/security/two-step"):
        text = (await ada.get(path)).text
        assert "your password" not in text.lower(), path


async def test_new_login_is_new_for_an_application_even_if_the_provider_is_late(
    ada: Visitor, server: OtherApp, provider: FakeProvider
) -> None:
    """Otherwise a person is asked again and again as long as the difference of the clocks."""
    (user,) = await UserRow.select(UserRow.id)
    await add_identity(server.services, user["id"], IDENTITY.subject, issuer=IDENTITY.issuer)
    application = await registered(server.services, first_party=True)
    late = datetime.now(UTC) - timedelta(seconds=30)
    provider.answer = msgspec.structs.replace(IDENTITY, auth_time=late)

    for asked in ({"prompt": "login"}, {"max_age": "0"}):
        page = await follow(ada, await application.begin(ada, **asked))
        assert page.outcome == (200, "sign-in-again", "")
        (button,) = page_links(page)
        page = await follow(ada, await ada.get(await come_back(ada, button)))
        assert application.answer(page)["code"], asked
        await age_sessions(minutes=10)


async def test_time_of_an_earlier_login_at_the_provider_is_kept(
    ada: Visitor, server: OtherApp, provider: FakeProvider
) -> None:
    """A provider that was not asked for a new login may know the person from before."""
    (user,) = await UserRow.select(UserRow.id)
    await add_identity(server.services, user["id"], IDENTITY.subject, issuer=IDENTITY.issuer)
    application = await registered(server.services, first_party=True)
    earlier = datetime.now(UTC) - timedelta(seconds=30)
    provider.answer = msgspec.structs.replace(IDENTITY, auth_time=earlier)
    ada.client.cookies.delete(COOKIE)

    page = await follow(ada, await application.begin(ada, max_age="0"))
    (button,) = page_links(page)
    page = await follow(ada, await ada.get(await come_back(ada, button)))

    assert page.outcome == (200, "sign-in-again", "")


def page_links(page: Page) -> list[str]:
    """Return the addresses of the buttons of the provider `acme`."""
    return [link for link in page.reader.links if "/providers/acme/start" in link]
