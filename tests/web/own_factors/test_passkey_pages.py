"""The pages below /account/security/passkeys."""

import asyncio

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor
from tests.support.factor_pages import PASSKEYS, REMOVE_PASSKEY, SECURITY, add_passkey, codes_on
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.page_passkeys import created_passkey, passkey_options
from tests.support.passkeys import new_authenticator, stored_passkey
from tests.support.rows import age_sessions
from tests.support.soft_authenticator import SYNCED
from tests.support.visitor import Page, Visitor

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def passkey_id(name: str) -> str:
    """Return the number of a passkey."""
    (row,) = await PasskeyRow.select(PasskeyRow.id).where(PasskeyRow.name == name)
    return str(row["id"])


async def ask_to_remove(visitor: Visitor, name: str) -> Page:
    """Open the question whether to remove a passkey."""
    return await visitor.get(REMOVE_PASSKEY, id=await passkey_id(name))


async def test_first_passkey_brings_recovery_codes_and_leaves_two_step_login_off(visitor: Visitor) -> None:
    visitor.headers["User-Agent"] = FIREFOX
    _, done = await add_passkey(visitor)

    assert (done.outcome, len(codes_on(done))) == ((200, "codes", ""), 10)
    overview = await visitor.get(SECURITY, done="added")
    assert "You can now log in with your passkey." in overview.text
    assert "Firefox on Linux" in overview.text
    assert "Only on this one device" in overview.text
    assert (await Actor(visitor.client).log_in()).status == 200


async def test_passkey_without_a_name_is_named_after_the_device_in_the_language_of_the_page(visitor: Visitor) -> None:
    visitor.headers |= {"User-Agent": FIREFOX, "Accept-Language": "de"}
    await add_passkey(visitor)

    assert "Firefox unter Linux" in (await visitor.get(SECURITY)).text


async def test_further_passkey_leads_to_the_list(visitor: Visitor) -> None:
    await add_passkey(visitor, "Laptop")
    _, done = await add_passkey(visitor, "Phone")

    assert (done.status, done.location) == (303, f"{SECURITY}?done=added")
    text = (await visitor.get(SECURITY)).text
    assert text.index("Phone") < text.index("Laptop")


async def test_list_shows_where_passkeys_can_be_used(visitor: Visitor, ada: Actor, services: Services) -> None:
    await stored_passkey(services, ada, new_authenticator(flags=SYNCED), name="Phone")
    await stored_passkey(services, ada, name="Old address")
    await PasskeyRow.update({PasskeyRow.rp_id: "old.example"}).where(PasskeyRow.name == "Old address")

    text = (await visitor.get(SECURITY)).text

    assert text.count("Cannot be used") == 1
    assert text.index("Old address") < text.index("Cannot be used") < text.index("Phone")
    assert "Synchronized between your devices" in text


async def test_name_of_a_passkey_is_text(visitor: Visitor) -> None:
    _, refused = await add_passkey(visitor, "L" * 61)
    assert refused.outcome == (422, "passkey", "VALIDATION_ERROR")
    assert refused.field_error("name")
    await add_passkey(visitor, '<b>"Laptop"</b>')

    for page in (await visitor.get(SECURITY), await ask_to_remove(visitor, '<b>"Laptop"</b>')):
        assert '<b>"Laptop"</b>' in page.text
        assert "<b>" not in page.response.text


async def test_page_without_a_credential_shows_new_options(visitor: Visitor) -> None:
    first = await visitor.get(PASSKEYS)
    second = await visitor.submit(first, PASSKEYS, name="Laptop")

    assert second.outcome == (200, "passkey", "")
    assert second.form(PASSKEYS).fields["name"] == "Laptop"
    challenges = {passkey_options(page)["challenge"] for page in (first, second)}
    assert len(challenges) == 2


@pytest.mark.parametrize("credential", ["{", "[]", '{"id": "x"}'])
async def test_unusable_credential_shows_new_options_and_not_itself(visitor: Visitor, credential: str) -> None:
    page = await visitor.get(PASSKEYS)
    refused = await visitor.submit(page, PASSKEYS, credential=credential)

    assert (refused.status, refused.name) == (422, "passkey")
    assert refused.form(PASSKEYS).fields["credential"] == ""
    assert passkey_options(refused)["challenge"] != passkey_options(page)["challenge"]


async def test_passkey_is_added_once(visitor: Visitor) -> None:
    soft, page = new_authenticator(), await visitor.get(PASSKEYS)
    fields = {"credential": created_passkey(page, soft)}

    pages = await asyncio.gather(*(visitor.submit(page, PASSKEYS, **fields) for _ in range(2)))

    assert await PasskeyRow.count() == 1
    assert min(each.status for each in pages) == 200
    assert (await visitor.submit(page, PASSKEYS, **fields)).error in {"PASSKEY_INVALID", "DUPLICATE_PASSKEY"}
    assert await PasskeyRow.count() == 1


async def test_account_with_all_passkeys_is_led_to_the_list(visitor: Visitor, ada: Actor, services: Services) -> None:
    await add_passkey(visitor)
    for number in range(19):
        await stored_passkey(services, ada, name=f"Key {number}")

    page = await visitor.get(PASSKEYS)

    assert page.outcome == (422, "security", "LIMIT_REACHED")
    assert PASSKEYS not in page.reader.links
    assert REMOVE_PASSKEY + "?id=" + await passkey_id("Key 7") in page.reader.links


async def test_page_of_an_unverified_address_has_a_way_on(
    visitor: Visitor, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await UserRow.update({UserRow.email_verified_at: None}, force=True)
    async with verifying_app(app_with, mailbox) as other:
        other.client.cookies = visitor.client.cookies
        page = await Visitor(other.client).get(PASSKEYS)

    assert page.outcome == (403, "email-not-verified", "EMAIL_NOT_VERIFIED")
    assert "/account/email/resend" in [form.action for form in page.reader.forms]


async def test_passkey_needs_a_recent_proof_at_the_beginning(visitor: Visitor) -> None:
    page = await visitor.get(PASSKEYS)
    fields = {"credential": created_passkey(page, new_authenticator())}
    await age_sessions(minutes=6)

    old = await visitor.get(PASSKEYS)
    assert "/account/confirm?acr=aal1&continue=%2Faccount%2Fsecurity%2Fpasskeys" in old.reader.links
    assert "data-public-key" not in old.response.text
    assert (await visitor.submit(page, PASSKEYS, **fields)).outcome == (200, "codes", "")


async def test_passkey_is_removed_after_a_question(visitor: Visitor) -> None:
    await add_passkey(visitor, "Laptop")
    await add_passkey(visitor, "Phone")

    question = await ask_to_remove(visitor, "Laptop")
    assert "recovery codes stop" not in question.text
    assert f"{REMOVE_PASSKEY}?lang=de&id={await passkey_id('Laptop')}" in question.reader.links
    removed = await visitor.submit(question, REMOVE_PASSKEY)
    assert (removed.status, removed.location) == (303, f"{SECURITY}?done=removed")
    assert [row["name"] for row in await PasskeyRow.select(PasskeyRow.name)] == ["Phone"]

    again = await visitor.submit(question, REMOVE_PASSKEY)
    assert again.outcome == (404, "security", "FACTOR_NOT_FOUND")
    last = await ask_to_remove(visitor, "Phone")
    assert "Your recovery codes stop working." in last.text


async def test_passkey_of_another_account_is_neither_shown_nor_removed(
    visitor: Visitor, ada: Actor, services: Services
) -> None:
    bob = Actor(ada.client, username="bob", email="bob@example.com")
    await bob.register()
    await stored_passkey(services, bob, name="Bob's key")

    for number in (await passkey_id("Bob's key"), "0", "x", "9" * 30, ""):
        question = await visitor.get(REMOVE_PASSKEY, id=number)
        assert (question.status, question.location) == (303, SECURITY)
        assert (await visitor.post(REMOVE_PASSKEY, {"id": number})).status in {404, 422}
    assert await PasskeyRow.count() == 1


async def test_last_way_to_log_in_stays(visitor: Visitor) -> None:
    await add_passkey(visitor, "Laptop")
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)

    page = await visitor.submit(await ask_to_remove(visitor, "Laptop"), REMOVE_PASSKEY)

    assert page.outcome == (422, "security", "LAST_SIGN_IN_METHOD")
    assert await PasskeyRow.count() == 1


async def test_server_without_passkeys_has_no_page_that_adds_one(app_with: OtherAppFactory) -> None:
    async with app_with(PASSKEYS_ENABLED="false") as other:
        assert (await Visitor(other.client).get(PASSKEYS)).status == 404
