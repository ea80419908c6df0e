"""The pages of people whose account has no password: they log in by a provider."""

import pytest

from auth_api.users.tables import UserRow
from tests.conftest import OtherApp
from tests.support.identities import add_identity
from tests.support.rows import age_sessions
from tests.support.visitor import Visitor
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
