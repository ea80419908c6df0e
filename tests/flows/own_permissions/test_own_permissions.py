"""Callers read their own roles and permissions, as of now."""

import httpx

from auth_api.roles.tables import UserRoleRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.roles import add_role, give_role

PATH = "/api/user/permissions"


async def test_permissions_are_those_of_all_roles(user_factory: UserFactory) -> None:
    actor = await user_factory()
    none = await actor.call("GET", PATH)
    await add_role("shop", ["orders:read", "users:read"])
    user_id = await give_role(actor.username, "shop")
    await give_role(actor.username, "support")

    some = await actor.call("GET", PATH)
    await give_role(actor.username, "administrator")
    everything = await actor.call("GET", PATH)
    await UserRoleRow.delete(force=True)
    none_again = await actor.call("GET", PATH)

    assert none.json["subject"] == {"type": "user", "id": user_id}
    assert (none.json["roles"], none.json["permissions"]) == ([], [])
    assert some.json["roles"] == ["shop", "support"]
    assert some.json["permissions"] == [
        "audit:read",
        "orders:read",
        "sessions:end",
        "sessions:read",
        "users:read",
        "users:reset",
    ]
    assert everything.json["permissions"] == ["*"]
    assert none_again.json["permissions"] == []
    assert some.json["as_of"] > none.json["as_of"]


async def test_permissions_need_a_live_session(client: httpx.AsyncClient, user_factory: UserFactory) -> None:
    actor = await user_factory()
    missing = await actor.call("GET", PATH, token="")
    junk = await actor.call("GET", PATH, token="junk")
    await actor.call("POST", "/api/auth/logout")
    ended = await actor.call("GET", PATH)

    assert (missing.status, missing.json["error_code"]) == (401, "AUTHENTICATION_REQUIRED")
    assert (junk.status, junk.json["error_code"]) == (401, "TOKEN_INVALID")
    assert (ended.status, ended.json["error_code"]) == (401, "TOKEN_REVOKED")
    assert Actor(client).access_token == ""
