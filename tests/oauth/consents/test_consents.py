"""What users allow applications: stored, listed, announced, and withdrawn with all access."""

import asyncio
from typing import Any

import httpx
import pytest

from auth_api.oauth.consents.commands import end_access
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.consents import allow, client_of
from tests.support.mailbox import Mailbox
from tests.support.oauth_applications import add_application, outcome
from tests.support.oauth_rows import add_grant_row
from tests.support.rows import audit_actions

PATH = "/api/user/consents"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address."""
    return await user_factory(is_verified=True)


async def test_consent_is_listed_with_its_application_and_grows(services: Services, ada: Actor) -> None:
    client = await client_of(services, uri="https://wiki.example.com")
    await allow(services, ada, client, "profile", "openid")
    await allow(services, ada, client, "email", "offline_access", offline=True)
    await allow(services, ada, client, "openid")

    (item,) = (await ada.call("GET", PATH))["items"]

    assert item["client"] == {
        "client_id": client.client_id,
        "name": "Wiki",
        "uri": "https://wiki.example.com",
        "kind": "web",
        "first_party": False,
    }
    assert [scope["name"] for scope in item["scopes"]] == ["email", "openid", "profile"]
    assert all(scope["description"] for scope in item["scopes"])
    assert (item["offline"], item["last_used_at"]) == (True, None)
    assert (await audit_actions()).count("oauth:consent_granted") == 2


async def test_mail_names_the_application_and_what_is_new(services: Services, ada: Actor, mailbox: Mailbox) -> None:
    client = await client_of(services, name="Wiki <b>")
    first_party = await client_of(services, "app_00000000000000000001", first_party=True)
    await allow(services, ada, first_party, "openid", "email")
    await allow(services, ada, client, "openid")
    await allow(services, ada, client, "openid")
    await allow(services, ada, client, "openid", "email", offline=True)

    mails = [mail for mail in await mailbox.collect() if "application" in mail.subject]

    assert [("Wiki <b>" in mail.text, "openid" in mail.text) for mail in mails] == [(True, True), (True, False)]
    assert "email, offline_access" in mails[1].text
    assert "Wiki &lt;b&gt;" in mails[0].html


async def test_withdrawn_consent_ends_all_access_of_the_application(
    services: Services, user_factory: UserFactory
) -> None:
    ada, eve = await user_factory(is_verified=True), await user_factory(is_verified=True)
    client, other = await client_of(services), await client_of(services, "app_00000000000000000001")
    for user in (ada, eve):
        for each in (client, other):
            await allow(services, user, each, "openid")
            await add_grant_row(each.id, (await services.core.users.find(user.username)).id)
    newest, oldest = (await ada.call("GET", PATH))["items"]
    assert oldest["client"]["client_id"] == client.client_id
    assert oldest["last_used_at"] is not None

    foreign = await eve.call("DELETE", f"{PATH}/{oldest['id']}")
    withdrawn = await ada.call("DELETE", f"{PATH}/{oldest['id']}")
    again = await ada.call("DELETE", f"{PATH}/{oldest['id']}")

    assert (foreign.status, withdrawn.status, again.status) == (404, 204, 404)
    assert again["error_code"] == "CONSENT_NOT_FOUND"
    assert [item["id"] for item in (await ada.call("GET", PATH))["items"]] == [newest["id"]]
    ended = await OAuthGrantRow.select(
        OAuthGrantRow.client_id, OAuthGrantRow.user_id.username, OAuthGrantRow.ended_reason
    ).where(OAuthGrantRow.ended_at.is_not_null())
    assert ended == [{"client_id": client.id, "user_id.username": ada.username, "ended_reason": "consent_withdrawn"}]
    assert "oauth:consent_withdrawn" in await audit_actions()


async def test_withdrawal_waits_for_a_grant_that_is_being_added(services: Services, ada: Actor, engine: str) -> None:
    """A grant that is added at the same time must not outlive the consent."""
    client = await client_of(services)
    await allow(services, ada, client, "openid")
    user_id = (await services.core.users.find(ada.username)).id
    (item,) = (await ada.call("GET", PATH))["items"]
    is_held, may_commit = asyncio.Event(), asyncio.Event()

    async def redeem() -> None:
        assert await services.of(Consents).hold(user_id, client.id)
        is_held.set()
        await may_commit.wait()
        await add_grant_row(client.id, user_id)

    redemption = asyncio.create_task(services.core.database.transaction(redeem))
    await is_held.wait()
    withdrawal = asyncio.create_task(ada.call("DELETE", f"{PATH}/{item['id']}"))
    await asyncio.sleep(0.1)  # time to overtake the redemption, if nothing held it back
    may_commit.set()
    await redemption

    assert (await withdrawal).status == 204
    assert await OAuthGrantRow.count().where(OAuthGrantRow.ended_at.is_null()) == 0
    assert not await services.core.database.transaction(lambda: services.of(Consents).hold(user_id, client.id))


async def test_withdrawal_ends_what_was_approved_before_it(
    client: httpx.AsyncClient, services: Services, ada: Actor
) -> None:
    """A later consent does not let the application redeem a code from before the withdrawal."""
    app, other = await add_application(client, services), await add_application(client, services)
    before, kept = await app.code("openid", "email", "offline_access"), await other.code("openid")
    item = next(each for each in (await ada.call("GET", PATH))["items"] if each["client"]["client_id"] == app.client_id)
    await ada.call("DELETE", f"{PATH}/{item['id']}")
    after = await app.code("openid")

    assert outcome(await app.redeem(before)) == (400, "invalid_grant")
    assert [(await each).status_code for each in (app.redeem(after), other.redeem(kept))] == [200, 200]


async def test_list_of_consents_has_pages(services: Services, ada: Actor) -> None:
    for number in range(3):
        client = await client_of(services, f"app_0000000000000000000{number}", name=f"Wiki {number}")
        await allow(services, ada, client, "openid")

    first = await ada.call("GET", f"{PATH}?limit=2")
    second = await ada.call("GET", f"{PATH}?limit=2&cursor={first['next_cursor']}")
    refused = [await ada.call("GET", f"{PATH}?cursor={cursor}") for cursor in ("x", "MTI")]

    names = [item["client"]["name"] for page in (first, second) for item in page["items"]]
    assert names == ["Wiki 2", "Wiki 1", "Wiki 0"]
    assert second["next_cursor"] is None
    assert [each.outcome for each in refused] == [(400, "VALIDATION_ERROR")] * 2


async def test_command_ends_more_consents_than_one_list_has(
    services: Services, user_factory: UserFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await client_of(services)
    monkeypatch.setattr("auth_api.oauth.consents.service.MAX_LISTED", 2)
    people = [await user_factory() for _ in range(3)]
    for each in people:
        await allow(services, each, client, "openid")

    assert await end_access(services, people[0].username, client.client_id) == 1
    assert await OAuthConsentRow.count() == 2
    await allow(services, people[0], client, "openid")
    withdraw = Consents.withdraw

    async def withdrawn_meanwhile(self: Consents, *arguments: Any) -> None:
        await withdraw(self, *arguments)
        monkeypatch.setattr(Consents, "withdraw", withdraw)
        raise ConsentNotFoundException

    monkeypatch.setattr(Consents, "withdraw", withdrawn_meanwhile)
    assert await end_access(services, None, client.client_id) == 2
    assert await OAuthConsentRow.count() == 0


async def test_consents_are_exported_and_deleted_with_the_account(services: Services, ada: Actor) -> None:
    client = await client_of(services)
    await allow(services, ada, client, "openid")

    exported = await ada.call("GET", "/api/user/export")
    await UserRow.delete(force=True)

    assert [each["client_id"] for each in exported["applications"]] == [client.client_id]
    assert await OAuthConsentRow.count() == 0
