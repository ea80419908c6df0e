"""Acceptance of invitations: by a new person, by the owner of an account, and in place of a stranger."""

import asyncio

import httpx
import pytest

from auth_api.credentials.api_keys.api_key import KeyOwner
from auth_api.events.audit.actors import user_actor
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.kit.request_context import RequestContext
from auth_api.roles.tables import RoleRow, UserRoleRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.aged_rows import add_user
from tests.support.api_keys import add_key
from tests.support.factors import add_totp, switch_two_step_on
from tests.support.held_hasher import held, requests_wait
from tests.support.invitations import EMAIL, JOINING, accept, invite, invited, preview
from tests.support.mail_flows import mark_all_verified, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.roles import add_role, give_role
from tests.support.rows import audit_actions, user_rows

INVALID = (400, "ONE_TIME_TOKEN_INVALID")


@pytest.fixture
def person(client: httpx.AsyncClient) -> Actor:
    """A person without an account."""
    return Actor(client)


async def roles_of(username: str) -> list[str]:
    rows = await UserRoleRow.select(UserRoleRow.role_id.name).where(UserRoleRow.user_id.username == username)
    return sorted(row["role_id.name"] for row in rows)


async def test_new_person_gets_a_verified_account_with_the_roles(
    person: Actor, services: Services, mailbox: Mailbox
) -> None:
    token = await invited(services, mailbox, "support", "auditor")

    shown = await preview(person, token)
    joined = await accept(person, token, **JOINING)
    again = await accept(person, token, username="other", password=JOINING["password"])

    assert (shown["email"], shown["roles"], shown["invited_by"]) == (EMAIL, ["auditor", "support"], None)
    assert shown["account_exists"] is False
    assert (joined.status, joined["email"], joined["email_verified"]) == (201, EMAIL, True)
    assert (await person.profile(joined["access_token"])).status == 200
    assert await roles_of("grace") == ["auditor", "support"]
    assert again.outcome == (await preview(person, token)).outcome == INVALID
    assert await audit_actions() == [
        "invitation:created",
        "account:registered",
        "role:granted",
        "role:granted",
        "invitation:accepted",
        "login:succeeded",
    ]


async def test_stranger_who_registered_with_the_address_loses_the_account(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """Also if the browser of the invited person is logged in to the account of the stranger."""
    stranger = await user_factory(username="stranger", email=EMAIL)
    key = await add_key(services, KeyOwner(user_id=(await stranger.profile())["id"]))
    await add_totp(services, stranger.username)
    await switch_two_step_on(stranger.username)
    token = await invited(services, mailbox, "support")
    shown = await preview(stranger, token)

    joined = await accept(stranger, token, bearer=stranger.access_token, **JOINING)

    assert shown["account_exists"] is False
    assert (joined.status, joined["username"], joined["email_verified"]) == (201, "grace", True)
    assert (await stranger.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await stranger.refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await stranger.profile(key.raw)).outcome == (401, "TOKEN_REVOKED")
    for name in ("grace", "stranger"):
        assert (await stranger.log_in(username=name)).outcome == (401, "INVALID_CREDENTIALS")
    assert (await stranger.log_in(**JOINING)).status == 200
    assert await roles_of("grace") == ["support"]
    assert len(await user_rows()) == 1
    actions = await audit_actions()
    assert actions[actions.index("account:claimed") :][:4] == [
        "account:claimed",
        "role:granted",
        "invitation:accepted",
        "login:succeeded",
    ]


async def test_only_the_session_of_the_account_adds_roles_to_it(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    owner = await user_factory(username="grace", email=EMAIL, is_verified=True)
    other = await user_factory(is_verified=True)
    token = await invited(services, mailbox, "support")

    assert (await preview(other, token))["account_exists"] is True
    assert (await accept(other, token, **JOINING)).outcome == (409, "ACCOUNT_EXISTS")
    assert (await accept(other, token, bearer=other.access_token, **JOINING)).outcome == (409, "ACCOUNT_EXISTS")
    assert (await accept(other, token, bearer="junk")).outcome == (401, "TOKEN_INVALID")
    assert await roles_of("grace") == []
    added = await accept(owner, token, bearer=owner.access_token, username="ignored", password="ignored")

    assert added.outcome == (200, "")
    assert set(added.json) == {"message"}
    assert await roles_of("grace") == ["support"]
    assert await roles_of(other.username) == []
    assert (await accept(owner, token, bearer=owner.access_token)).outcome == INVALID
    assert (await owner.log_in()).status == 200


async def test_account_with_a_role_is_never_claimed(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """It may have got the role before mail was switched on, so that its address was never verified."""
    owner = await user_factory(username="grace", email=EMAIL)
    await give_role("grace", "auditor")
    token = await invited(services, mailbox, "support")

    assert (await accept(owner, token, **JOINING)).outcome == (409, "ACCOUNT_EXISTS")
    assert (await owner.profile())["email_verified"] is False
    assert (await accept(owner, token, bearer=owner.access_token)).status == 200

    assert (await owner.profile())["email_verified"] is True
    assert await roles_of("grace") == ["auditor", "support"]


async def test_rejected_entries_leave_the_token_as_it_is(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    token = await invited(services, mailbox)

    missing = await accept(ada, token)
    weak = await accept(ada, token, username="grace", password="password")
    own_name = await accept(ada, token, username="grace", password="Grace-Horse-7-Staple")
    taken = await accept(ada, token, username=ada.username, password=JOINING["password"])

    assert missing.outcome == (400, "VALIDATION_ERROR")
    assert [(each["field"], each["code"]) for each in missing["errors"]] == [
        ("username", "missing"),
        ("password", "missing"),
    ]
    assert weak.outcome == own_name.outcome == (400, "WEAK_PASSWORD")
    assert {each["field"] for each in weak["errors"]} == {"password"}
    assert taken.outcome == (409, "DUPLICATE_USERNAME")
    assert (await accept(ada, token, **JOINING)).status == 201


async def test_invitation_ends_when_its_inviter_has_lost_what_it_gives(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    inviter_id = await give_role(ada.username, "support")
    context = RequestContext(actor=user_actor(inviter_id))
    by_demoted = await invited(services, mailbox, "support", request_context=context)
    without_roles = await invited(services, mailbox, email="edith@example.com", request_context=context)
    assert (await preview(ada, by_demoted))["invited_by"] == ada.username

    await UserRoleRow.delete(force=True)
    assert (await preview(ada, by_demoted)).outcome == INVALID
    assert (await accept(ada, by_demoted, **JOINING)).outcome == INVALID
    await give_role(ada.username, "support")
    assert (await accept(ada, by_demoted, **JOINING)).outcome == INVALID
    assert (await preview(ada, without_roles)).status == 200
    await UserRow.update({UserRow.is_active: False}, force=True)
    assert (await accept(ada, without_roles, **JOINING)).outcome == INVALID

    assert (await audit_actions()).count("invitation:void") == 2
    assert await InvitationRow.count().where(InvitationRow.revoked_at.is_not_null()) == 2
    assert len(await user_rows()) == 1


async def test_invitation_ends_when_its_role_or_its_inviter_is_deleted(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await add_role("shop", ["orders:read"])
    inviter_id = await give_role(ada.username, "shop")
    of_deleted = await invited(services, mailbox, request_context=RequestContext(actor=user_actor(inviter_id)))
    to_deleted_role = await invited(services, mailbox, "shop", email="edith@example.com")

    await UserRow.delete(force=True)
    await RoleRow.delete().where(RoleRow.name == "shop")

    for token in (of_deleted, to_deleted_role):
        assert (await accept(ada, token, **JOINING)).outcome == INVALID
    assert (await audit_actions()).count("invitation:void") == 2


async def test_expired_or_unknown_tokens_are_invalid(person: Actor, services: Services, mailbox: Mailbox) -> None:
    token = await invited(services, mailbox)
    await InvitationRow.update({InvitationRow.expires_at: InvitationRow.created_at}, force=True)

    for each in (token, token[:-1] + "!", "", "ot_" + token[4:]):
        assert (await preview(person, each)).outcome == INVALID
        assert (await accept(person, each, **JOINING)).outcome == INVALID


async def test_account_gets_at_most_20_roles(user_factory: UserFactory, services: Services, mailbox: Mailbox) -> None:
    owner = await user_factory(username="grace", email=EMAIL, is_verified=True)
    for number in range(20):
        await add_role(f"role-{number}", [])
        await give_role("grace", f"role-{number}")
    token = await invited(services, mailbox, "support", "role-7")

    assert (await accept(owner, token, bearer=owner.access_token)).outcome == (409, "LIMIT_REACHED")
    await UserRoleRow.delete().where(UserRoleRow.role_id.name == "role-8")
    assert (await accept(owner, token, bearer=owner.access_token)).status == 200


@pytest.mark.parametrize("state", ["new", "stranger", "owner"])
async def test_one_of_many_acceptances_succeeds(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, state: str
) -> None:
    actor = await user_factory(username="eve", email="eve@example.com" if state == "new" else EMAIL)
    if state == "owner":
        await mark_all_verified()
    token = await invited(services, mailbox, "support")

    requests = [
        accept(actor, token, bearer=actor.access_token, **{**JOINING, "username": f"grace{number}"})
        for number in range(20)
    ]
    outcomes = [response.outcome for response in await asyncio.gather(*requests)]

    succeeded = (200 if state == "owner" else 201, "")
    # The session of the stranger ends while others wait, and those that follow find a verified account.
    # A request that looks the invitation up before, and the account after it was created, is told to log in.
    others = {"stranger": {(401, "TOKEN_REVOKED")}, "new": {(409, "ACCOUNT_EXISTS")}}
    refused = {INVALID, *others.get(state, ())}
    assert outcomes.count(succeeded) == 1
    assert set(outcomes) - {succeeded} <= refused
    assert await UserRoleRow.count() == 1
    assert len(await user_rows()) == (2 if state == "new" else 1)
    live = await SessionRow.count().where(SessionRow.ended_at.is_null())
    assert live == (2 if state == "new" else 1)
    assert (await audit_actions()).count("invitation:accepted") == 1


async def test_login_that_needs_a_second_factor_spends_the_invitation(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    async with verifying_app(app_with, mailbox, MFA_POLICY="admins") as other:
        actor = Actor(other.client)
        token = await invited(other.services, mailbox, "support")

        joined = await accept(actor, token, **JOINING)

        assert joined.outcome == (403, "MFA_ENROLMENT_REQUIRED")
        assert joined["mfa_token"].startswith("mfa_")
        assert (await accept(actor, token, **JOINING)).outcome == INVALID
        assert await roles_of("grace") == ["support"]
        assert (await actor.log_in(**JOINING)).outcome == (403, "MFA_ENROLMENT_REQUIRED")


async def test_disabled_account_cannot_be_claimed(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    actor = await user_factory(username="stranger", email=EMAIL)
    await UserRow.update({UserRow.is_active: False}, force=True)
    token = await invited(services, mailbox, "support")

    assert (await accept(actor, token, **JOINING)).outcome == (403, "ACCOUNT_DISABLED")
    assert (await user_rows())[0]["username"] == "stranger"
    assert await roles_of("stranger") == []


async def test_routes_do_not_exist_without_mail(app_with: OtherAppFactory) -> None:
    async with app_with() as other:
        actor = Actor(other.client)
        for path in ("preview", "accept"):
            response = await actor.call("POST", f"/api/auth/invitations/{path}", token="junk", json={})
            assert response.outcome == (404, "NOT_FOUND")


async def test_invitations_to_a_deleted_account_are_deleted(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await invite(services, email=ada.email)
    await invite(services)

    body = {"current_password": ada.password}
    assert (await ada.call("POST", "/api/user/delete", json=body)).status == 204

    assert [row["email"] for row in await InvitationRow.select(InvitationRow.email)] == [EMAIL]


@pytest.mark.parametrize("change", ["verified", "inviter demoted", "account deleted", "address registered"])
async def test_acceptance_holds_only_if_nothing_changes_while_the_password_is_hashed(
    user_factory: UserFactory, person: Actor, services: Services, mailbox: Mailbox, change: str
) -> None:
    ada = await user_factory(is_verified=True)
    inviter_id = await give_role(ada.username, "support")
    if change != "address registered":
        await user_factory(username="stranger", email=EMAIL)
    token = await invited(
        services, mailbox, "support", request_context=RequestContext(actor=user_actor(inviter_id), language="en")
    )

    async with held(services.core.hasher):
        accepting = asyncio.create_task(accept(person, token, **JOINING))
        await requests_wait(services.core.hasher)
        if change == "verified":
            await mark_all_verified()
        elif change == "inviter demoted":
            await UserRoleRow.delete(force=True)
        elif change == "account deleted":
            await UserRow.delete().where(UserRow.email == EMAIL)
        else:
            await add_user("grace")
    response = await accepting

    expected = {"verified": (409, "ACCOUNT_EXISTS"), "inviter demoted": INVALID}
    assert response.outcome == expected.get(change, (201, ""))
    assert await UserRow.exists().where(UserRow.username == "stranger") == (change in expected)
    assert await UserRow.exists().where(UserRow.username == "grace") == (change not in expected)
