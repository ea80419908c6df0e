"""Administrators invite people: permissions, ranks, states, limits."""

import asyncio

import pytest

from auth_api.events.audit.actors import service_actor
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.invitations.service import MAX_PENDING
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.throttling.policy import ThrottlingPolicy
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.api_keys import add_key, add_service_account
from tests.support.invitations import EMAIL, JOINING, accept, invite, invited
from tests.support.mailbox import Mailbox, token_of
from tests.support.roles import add_role, give_role
from tests.support.rows import age_sessions, audit_actions, make_mails_due

PATH = "/api/admin/invitations"
INVALID = (400, "ONE_TIME_TOKEN_INVALID")
GONE = (404, "INVITATION_NOT_FOUND")


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """An administrator."""
    ada = await user_factory(is_verified=True)
    await give_role(ada.username, "administrator")
    return ada


async def create(actor: Actor, **fields: object) -> ApiResponse:
    return await actor.call("POST", PATH, json={"email": EMAIL, **fields})


async def listed(actor: Actor, query: str = "") -> list[int]:
    """Return the ids of the listed invitations."""
    return [each["id"] for each in (await actor.call("GET", f"{PATH}?{query}"))["items"]]


async def test_invitation_goes_through_its_states(ada: Actor, mailbox: Mailbox) -> None:
    created = await create(ada, roles=["support", "auditor", "support"], expires_in_hours=2)
    token = await mailbox.token()
    other = await create(ada, email="Edith@Example.com")

    assert created.status == other.status == 201
    assert (created["status"], created["roles"], created["email"]) == ("pending", ["auditor", "support"], EMAIL)
    assert created["invited_by"].startswith("user:")
    assert token not in created.response.text
    assert await listed(ada) == [other["id"], created["id"]]
    assert await listed(ada, "limit=1") == [other["id"]]
    assert await listed(ada, "email=edith@example.com") == [other["id"]]

    assert (await accept(ada, token, **JOINING)).status == 201
    assert await listed(ada, "status=pending") == [other["id"]]
    assert (await ada.call("DELETE", f"{PATH}/{other['id']}")).status == 204
    states = {each["id"]: each["status"] for each in (await ada.call("GET", PATH))["items"]}
    assert states == {created["id"]: "accepted", other["id"]: "revoked"}
    assert await listed(ada, "status=pending&email=edith@example.com") == []
    actions = await audit_actions()
    assert actions.count("invitation:created") == 2
    assert actions[-1] == "invitation:revoked"


async def test_only_pending_invitations_can_be_revoked_or_sent_again(
    ada: Actor, services: Services, mailbox: Mailbox
) -> None:
    token = await invited(services, mailbox)
    await accept(ada, token, **JOINING)
    expired = await invite(services, email="edith@example.com")
    await InvitationRow.update({InvitationRow.expires_at: InvitationRow.created_at}).where(
        InvitationRow.id == expired.id
    )
    pending = await invite(services, email="emmy@example.com")
    assert (await ada.call("DELETE", f"{PATH}/{pending.id}")).status == 204

    for path in (*await listed(ada), "0", "01", "x", 2**63, 10**30):
        assert (await ada.call("DELETE", f"{PATH}/{path}")).outcome == GONE
        assert (await ada.call("POST", f"{PATH}/{path}/resend", json={})).outcome == GONE


async def test_another_mail_replaces_the_link_of_the_earlier_one(
    ada: Actor, services: Services, mailbox: Mailbox
) -> None:
    """Also if the earlier mail waits to be sent again."""
    invitation = await invite(services)
    mailbox.loses_reply = True
    (first,) = await mailbox.collect()
    mailbox.loses_reply = False

    assert (await ada.call("POST", f"{PATH}/{invitation.id}/resend", json={})).status == 202
    assert (await accept(ada, token_of(first), **JOINING)).outcome == INVALID
    await make_mails_due()
    (second,) = await mailbox.collect()

    rows = await InvitationRow.select(InvitationRow.expires_at)
    assert rows[0]["expires_at"] == invitation.expires_at
    assert (await accept(ada, token_of(first), **JOINING)).outcome == INVALID
    assert (await accept(ada, token_of(second), **JOINING)).status == 201


async def test_mail_that_is_sent_twice_has_the_same_link(ada: Actor, services: Services, mailbox: Mailbox) -> None:
    await invite(services)
    mailbox.loses_reply = True
    (first,) = await mailbox.collect()
    mailbox.loses_reply = False
    await make_mails_due()
    (second,) = await mailbox.collect()

    assert (second.message_id, token_of(second)) == (first.message_id, token_of(first))
    assert (await accept(ada, token_of(first), **JOINING)).status == 201


async def test_no_mail_is_sent_for_an_invitation_that_has_ended(
    ada: Actor, services: Services, mailbox: Mailbox
) -> None:
    invitation = await invite(services)
    await ada.call("DELETE", f"{PATH}/{invitation.id}")

    assert await mailbox.collect() == []
    assert await OutboxRow.count() == 0


async def test_roles_need_more_than_the_permission_to_invite(user_factory: UserFactory, ada: Actor) -> None:
    manager = await user_factory(is_verified=True)
    none = await create(manager)
    await give_role(manager.username, "user-manager")
    by_administrator = (await create(ada, roles=["administrator"]))["id"]

    assert (none.outcome, none["required_permission"]) == ((403, "PERMISSION_DENIED"), "invitations:write")
    assert (await create(manager)).status == 201
    refused = await create(manager, roles=["no-such-role"])
    assert (refused.outcome, refused["required_permission"]) == ((403, "PERMISSION_DENIED"), "roles:assign")
    await add_role("assigner", ["roles:assign"])
    await give_role(manager.username, "assigner")

    unknown = await create(manager, roles=["user-manager", "no-such-role"])
    assert (unknown.outcome, unknown["errors"][0]["code"]) == ((400, "VALIDATION_ERROR"), "not_found")
    assert (await create(manager, roles=["user-manager"])).status == 201
    assert (await create(manager, roles=["administrator"])).outcome == (403, "RANK_TOO_LOW")
    assert (await create(manager, roles=["auditor"])).outcome == (403, "RANK_TOO_LOW")
    for method, path in (("DELETE", ""), ("POST", "/resend")):
        response = await manager.call(method, f"{PATH}/{by_administrator}{path}", json={} if path else None)
        assert response.outcome == (403, "RANK_TOO_LOW")


async def test_roles_need_a_recent_proof_of_identity(ada: Actor) -> None:
    await age_sessions(hours=1)

    assert (await create(ada, roles=["support"])).outcome == (403, "STEP_UP_REQUIRED")
    assert (await create(ada)).status == 201


async def test_invalid_requests_are_explained(ada: Actor) -> None:
    for fields in (
        {"email": "x"},
        {"roles": ["support"] * 21},
        {"expires_in_hours": 0},
        {"expires_in_hours": 721},
        {"locale": "?"},
        {"note": "Hello"},
    ):
        response = await create(ada, **fields)
        assert response.outcome == (400, "VALIDATION_ERROR"), fields
        assert [each["field"] for each in response["errors"]] == list(fields)
    queried = await ada.call("GET", f"{PATH}?status=accepted&email=x")
    assert [each["field"] for each in queried["errors"]] == ["status", "email"]
    assert (await ada.call("GET", f"{PATH}?cursor=x")).outcome == (400, "VALIDATION_ERROR")


async def test_inviter_has_at_most_100_pending_invitations(ada: Actor) -> None:
    for number in range(MAX_PENDING - 5):
        assert (await create(ada, email=f"person{number}@example.com")).status == 201

    requests = [create(ada, email=f"late{number}@example.com") for number in range(20)]
    outcomes = [response.outcome for response in await asyncio.gather(*requests)]

    assert outcomes.count((201, "")) == 5
    assert set(outcomes) == {(201, ""), (409, "LIMIT_REACHED")}
    assert await InvitationRow.count() == MAX_PENDING
    await ada.call("DELETE", f"{PATH}/{(await listed(ada))[0]}")
    assert (await create(ada)).status == 201


async def test_mails_to_an_address_and_by_an_inviter_are_limited(
    app_with: OtherAppFactory, ada: Actor, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        ada.client = other.client
        created = [await create(ada) for _ in range(2)]
        path = f"{PATH}/{created[0]['id']}/resend"
        assert (await ada.call("POST", path, json={})).status == 202
        for refused in (await ada.call("POST", path, json={}), await create(ada)):
            assert refused.outcome == (429, "RATE_LIMITED")
            assert int(refused.response.headers["Retry-After"]) > 0
        assert await OutboxRow.count() == 3
        assert await InvitationRow.count() == 2

        limits = other.services.core.outbox.limits
        with monkeypatch.context() as patch:
            patch.setattr(type(limits), "policy", ThrottlingPolicy(mails_by_administrator=4))
            assert (await create(ada, email="edith@example.com")).status == 201
            assert (await create(ada, email="emmy@example.com")).outcome == (429, "RATE_LIMITED")


async def test_service_account_invites_as_long_as_its_keys_permit_it(
    ada: Actor, services: Services, mailbox: Mailbox
) -> None:
    owner = await add_service_account()
    key = await add_key(services, owner, "invitations:write", "roles:assign", "users:read")
    await add_role("reader", ["users:read"])
    program = Actor(ada.client, access_token=key.raw)

    created = await create(program, roles=["reader"])
    token = await mailbox.token()
    assert created["invited_by"] == service_actor(owner.service_account_id or 0)
    assert (await create(program, roles=["support"])).outcome == (403, "RANK_TOO_LOW")
    assert (await accept(ada, token, **JOINING)).status == 201

    void = await invited(
        services,
        mailbox,
        "support",
        email="edith@example.com",
        request_context=RequestContext(actor=created["invited_by"]),
    )
    assert (await accept(ada, void, **JOINING)).outcome == INVALID


async def test_without_mail_the_list_remains(app_with: OtherAppFactory, ada: Actor) -> None:
    async with app_with() as other:
        ada.client = other.client
        for token in (ada.access_token, "junk", ""):
            response = await ada.call("POST", PATH, token=token, json={"email": EMAIL})
            assert response.outcome == (404, "NOT_FOUND")
            assert (await ada.call("POST", f"{PATH}/1/resend", token=token, json={})).outcome == (404, "NOT_FOUND")
        assert (await ada.call("GET", PATH)).status == 200
        assert (await ada.call("DELETE", f"{PATH}/1")).outcome == GONE


async def test_mail_names_the_inviter_only_if_no_link_becomes_of_it(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    async def mail_by(username: str, locale: str | None) -> str:
        await user_factory(username=username)
        inviter_id = await give_role(username, "support")
        context = RequestContext(actor=f"user:{inviter_id}", language="en")
        await invite(services, email=f"to-{username}@example.com", request_context=context, locale=locale)
        message = await mailbox.one()
        assert message.recipient == f"to-{username}@example.com"
        assert "http://testserver/account/invitation#token=inv_" in message.html
        return message.text

    assert "e-mail address, by ada_1." in await mail_by("ada_1", None)
    assert "evil.example" not in await mail_by("evil.example", None)
    assert "wurde von grete eine Einladung" in await mail_by("grete", "de-AT")
