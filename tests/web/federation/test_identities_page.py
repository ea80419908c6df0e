"""GET /account/identities, and the forms that link and unlink an account at a provider."""

import msgspec
import pytest

from auth_api.credentials.providers.errors import ProviderUnavailableException
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp
from tests.support.fake_provider import IDENTITY, FakeProvider
from tests.support.identities import add_identity
from tests.support.rows import age_sessions, audit_actions
from tests.support.visitor import COOKIE, Page, Visitor
from tests.web.federation.conftest import come_back, register

PATH = "/account/identities"


@pytest.fixture
async def ada(visitor: Visitor) -> Visitor:
    """Ada, who has an account with a password, at a browser that is signed in."""
    await register(visitor)
    return visitor


async def begin(visitor: Visitor) -> str:
    """Use the button that links an account at `acme`, and return the address that leads to the provider."""
    hop = await visitor.submit(await visitor.get(PATH), f"{PATH}/link", provider="acme")
    assert hop.outcome == (200, "hop", "")
    (start,) = (link for link in hop.reader.links if "/start?ticket=ot_" in link)
    return start


async def link(visitor: Visitor) -> Page:
    """Link the account at `acme`, and return the response to the browser that comes back."""
    return await visitor.get(await come_back(visitor, await begin(visitor)))


async def test_account_is_linked_and_unlinked(ada: Visitor) -> None:
    empty = await ada.get(PATH)
    assert "No accounts are linked." in empty.text
    assert [form.fields["provider"] for form in empty.reader.forms] == ["acme", "closed"]

    linked = await link(ada)
    assert linked.location == f"{PATH}?done=linked"
    page = await ada.follow(linked)
    assert "ada@example.com" in page.text
    assert "The account is linked." in page.text
    assert (await link(ada)).location == f"{PATH}?done=linked"  # it is linked already
    done = await ada.submit(page, f"{PATH}/unlink")
    assert done.location == f"{PATH}?done=unlinked"
    assert "No accounts are linked." in (await ada.follow(done)).text
    gone = await ada.submit(page, f"{PATH}/unlink")
    assert gone.outcome == (404, "identities", "IDENTITY_NOT_FOUND")
    assert {"identity:linked", "identity:unlinked"} <= {*await audit_actions()}
    assert "The accounts of other services" in (await ada.get("/account/data")).text


async def test_last_way_to_log_in_cannot_be_unlinked(ada: Visitor) -> None:
    page = await ada.follow(await link(ada))
    await UserRow.update({UserRow.hashed_password: "!"}, force=True)

    assert "This is your only way to log in." in (await ada.get(PATH)).text
    refused = await ada.submit(page, f"{PATH}/unlink")
    assert refused.outcome == (422, "identities", "LAST_SIGN_IN_METHOD")


async def test_old_proof_of_identity_is_not_enough(ada: Visitor) -> None:
    page = await ada.follow(await link(ada))
    await age_sessions(minutes=10)

    assert not (await ada.get(PATH)).reader.forms
    for action in ("link", "unlink"):
        refused = await ada.submit(page, f"{PATH}/{action}")
        assert refused.location.startswith("/account/confirm?acr=aal1&continue=%2Faccount%2Fidentities")


async def test_link_ends_only_in_the_session_that_began_it(
    ada: Visitor, server: OtherApp, provider: FakeProvider
) -> None:
    address = await come_back(ada, await begin(ada))
    before = ada.client.cookies[COOKIE]
    ada.client.cookies.delete(COOKIE)
    assert (await ada.get(address)).outcome == (400, "error", "FLOW_INVALID")  # signed out
    await ada.log_in()
    assert (await ada.get(address)).location == f"{PATH}?error=FLOW_INVALID"  # another session of the same person
    page = await ada.get(PATH, error="FLOW_INVALID")
    assert page.outcome == (200, "identities", "FLOW_INVALID")
    assert "Nothing was linked" in page.text

    provider.answer = ProviderUnavailableException()
    assert (await link(ada)).location == f"{PATH}?error=PROVIDER_UNAVAILABLE"
    provider.answer = IDENTITY
    (user,) = await UserRow.select(UserRow.id)
    assert await server.services.core.identities.of_user(user["id"]) == ()
    assert before != ada.client.cookies[COOKIE]


async def test_account_of_another_person_is_not_linked(ada: Visitor, server: OtherApp, provider: FakeProvider) -> None:
    (user,) = await UserRow.select(UserRow.id)
    await add_identity(server.services, user["id"], "9")
    provider.answer = msgspec.structs.replace(IDENTITY, issuer="https://login.example.com", subject="9")
    ada.client.cookies.delete(COOKIE)
    ada.username, ada.email = "grace", "grace@example.com"
    await register(ada)

    taken = await link(ada)
    assert taken.location == f"{PATH}?error=IDENTITY_TAKEN"
    assert "No accounts are linked." in (await ada.follow(taken)).text
