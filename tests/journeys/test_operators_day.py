"""An operator runs the accounts of a product for a day with the admin API, without SQL."""

import json
from typing import Any

from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.factors import add_totp, switch_two_step_on
from tests.support.mailbox import Mailbox
from tests.support.roles import give_role

USERS = "/api/admin/users"


def expect(response: ApiResponse, status: int) -> Any:
    """Return the document of a response that must have this status."""
    assert response.status == status, (response.status, response.json)
    return response.json if response.response.content else None


async def test_operator_runs_the_accounts_for_a_day(user_factory: UserFactory, services: Any, mailbox: Mailbox) -> None:
    operator = await user_factory(is_verified=True)
    await give_role(operator.username, "administrator")
    ada = await user_factory(is_verified=True)
    await add_totp(services, ada.username)
    await switch_two_step_on(ada.username)

    # Find the account, and why its login fails
    found = expect(await operator.call("GET", f"{USERS}?username_prefix={ada.username}"), 200)
    user_id = next(item["id"] for item in found["items"] if item["username"] == ada.username)
    await ada.log_in(password="Not-the-1-password")
    explained = expect(await operator.call("GET", f"{USERS}/{user_id}/explain"), 200)
    assert {each["code"] for each in explained["obstacles"]} >= {"second_factor_required"}

    # Disable and enable it
    assert (expect(await operator.call("POST", f"{USERS}/{user_id}/disable", json={}), 200))["is_active"] is False
    expect(await ada.profile(), 401)
    assert (expect(await operator.call("POST", f"{USERS}/{user_id}/enable", json={}), 200))["is_active"] is True

    # The phone is lost
    reset = expect(await operator.call("POST", f"{USERS}/{user_id}/factors/reset", json={}), 200)
    assert reset["factors_removed"] == 1

    # A colleague gets an invitation with a role; the operator takes the role away again
    role = {"name": "shop-clerk", "description": "Works in the shop.", "permissions": ["orders:read"]}
    expect(await operator.call("PUT", "/api/admin/permissions/orders:read", json={"description": "Read orders."}), 201)
    expect(await operator.call("POST", "/api/admin/roles", json=role), 201)
    invited = {"email": "bob@example.com", "roles": ["shop-clerk"]}
    expect(await operator.call("POST", "/api/admin/invitations", json=invited), 201)
    expect(await operator.call("PUT", f"{USERS}/{user_id}/roles/shop-clerk"), 204)
    expect(await operator.call("DELETE", f"{USERS}/{user_id}/roles/shop-clerk"), 204)

    # A program gets a key, which is rotated
    account = expect(await operator.call("POST", "/api/admin/service-accounts", json={"name": "billing"}), 201)
    keys = f"/api/admin/service-accounts/{account['id']}/keys"
    old = expect(await operator.call("POST", keys, json={"name": "2026", "scopes": ["users:read"]}), 201)
    new = expect(await operator.call("POST", keys, json={"name": "2027", "scopes": ["users:read"]}), 201)
    expect(await operator.call("GET", USERS, token=new["secret"]), 200)
    expect(await operator.call("DELETE", f"{keys}/{old['id']}"), 204)
    expect(await operator.call("GET", USERS, token=old["secret"]), 401)

    # The history has all of it, and the operator as its actor
    history = await operator.call("GET", f"/api/admin/audit?actor=user:{await id_of(operator)}")
    actions = [event["action"] for event in (expect(history, 200))["items"]]
    assert {"account:disabled", "account:enabled", "factors:reset", "role:granted", "key:created"} <= set(actions)
    exported = await operator.call("GET", "/api/admin/audit/export")
    assert exported.status == 200
    assert json.loads(exported.response.text.splitlines()[-1])["more"] is False


async def id_of(actor: Actor) -> int:
    """Return the id of a user."""
    return int((await actor.profile()).json["id"])
