"""GET and POST /account/password."""

import httpx
import pytest

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.rows import age_sessions, audit_actions
from tests.support.visitor import COOKIE, Visitor

PATH = "/account/password"
NEW = "Better-Horse-8-Staple"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A person with a session of the API."""
    return await user_factory()


@pytest.fixture
async def visitor(client: httpx.AsyncClient, ada: Actor) -> Visitor:
    """The same person, who is logged in at a browser."""
    visitor = Visitor(client)
    await visitor.log_in(keep="on")
    return visitor


async def test_new_password_gives_the_browser_a_new_session_and_ends_all_others(visitor: Visitor, ada: Actor) -> None:
    before = visitor.client.cookies[COOKIE]
    page = await visitor.get(PATH)
    assert page.form(PATH).fields["username"] == "ada"

    changed = await visitor.submit(page, PATH, current_password=visitor.password, new_password=NEW)

    assert changed.location == f"{PATH}?done=password"
    assert "Max-Age=" in changed.response.headers["Set-Cookie"]
    assert "Your password is changed" in (await visitor.follow(changed)).text
    after = visitor.client.cookies[COOKIE]
    assert (await ada.profile()).status == 401
    visitor.client.cookies.set(COOKIE, before)
    assert (await visitor.get(PATH)).location.startswith("/account/login")
    visitor.client.cookies.clear()
    assert after != before
    assert (await visitor.log_in(password=NEW)).location == "/account"
    assert "password:changed" in await audit_actions()


async def test_refused_change_repeats_no_password(visitor: Visitor) -> None:
    page = await visitor.get(PATH)

    wrong = await visitor.submit(page, PATH, current_password="Wrong-Horse-7-Staple", new_password=NEW)
    assert wrong.outcome == (422, "password", "INVALID_CREDENTIALS")
    assert wrong.field_error("current_password") == "This is not the password of the account."
    weak = await visitor.submit(page, PATH, current_password=visitor.password, new_password="ada")
    assert weak.outcome == (422, "password", "WEAK_PASSWORD")
    assert "at least 12 characters" in weak.field_error("new_password")
    empty = await visitor.submit(page, PATH, new_password=NEW)
    assert empty.outcome == (422, "password", "VALIDATION_ERROR")
    assert empty.field_error("current_password")
    assert NEW not in wrong.response.text + empty.response.text
    assert "Set-Cookie" not in wrong.response.headers
    assert (await visitor.get(PATH)).status == 200


async def test_account_without_a_password_sets_one_shortly_after_a_login(visitor: Visitor) -> None:
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)
    page = await visitor.get(PATH)
    assert "current_password" not in page.reader.inputs
    assert "Set a password" in page.text

    await age_sessions(minutes=6)
    stale = await visitor.get(PATH)
    assert "new_password" not in stale.reader.inputs
    (link,) = [link for link in stale.reader.links if link.startswith("/account/confirm?")]
    assert "continue=%2Faccount%2Fpassword" in link
    refused = await visitor.submit(page, PATH, new_password=NEW)
    assert (refused.status, refused.location) == (303, link)


async def test_limits_of_the_api_hold_and_show_the_form_again(
    app_with: OtherAppFactory, user_factory: UserFactory
) -> None:
    await user_factory()
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        visitor = Visitor(other.client)
        await visitor.log_in()
        page = await visitor.get(PATH)
        for _ in range(20):
            await visitor.submit(page, PATH, current_password="", new_password=NEW)
        refused = await visitor.submit(page, PATH, current_password=visitor.password, new_password=NEW)

    assert refused.outcome == (429, "password", "RATE_LIMITED")
    assert int(refused.response.headers["Retry-After"]) > 0
    assert "current_password" in refused.reader.inputs
