"""Administrators list and revoke the API keys of users."""

from auth_api.credentials.api_keys.api_key import KeyOwner
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.api_keys import add_key, add_service_account
from tests.support.roles import add_role, give_role


async def test_keys_of_a_user_are_revoked_by_those_with_their_scopes(
    services: Services, user_factory: UserFactory
) -> None:
    admin, ada = await user_factory(), await user_factory()
    await add_role("helper", ["keys:read", "keys:revoke", "users:read"])
    admin_id = await give_role(admin.username, "helper")
    user_id = (await ada.profile())["id"]
    weak = await add_key(services, KeyOwner(user_id=user_id), "users:read")
    strong = await add_key(services, KeyOwner(user_id=user_id), "users:delete")
    own = await add_key(services, KeyOwner(user_id=admin_id), "users:read")
    program = await add_key(services, await add_service_account(), "keys:revoke", "users:read")
    url = f"/api/admin/users/{user_id}/keys"

    listed = await admin.call("GET", url)
    assert [item["id"] for item in listed["items"]] == [strong.key.id, weak.key.id]
    assert (await ada.call("GET", url)).outcome == (403, "PERMISSION_DENIED")
    assert (await admin.call("DELETE", f"{url}/{strong.key.id}")).outcome == (403, "RANK_TOO_LOW")
    own_url = f"/api/admin/users/{admin_id}/keys"
    assert (await admin.call("DELETE", f"{own_url}/{own.key.id}")).outcome == (403, "SELF_CHANGE_REFUSED")
    for wrong in ("0", "x", f"0{weak.key.id}", str(2**63), str(own.key.id)):
        assert (await admin.call("DELETE", f"{url}/{wrong}")).outcome == (404, "KEY_NOT_FOUND")
    for wrong in ("0", "x", "99999"):
        assert (await admin.call("GET", f"/api/admin/users/{wrong}/keys")).outcome == (404, "USER_NOT_FOUND")
        revoked = await admin.call("DELETE", f"/api/admin/users/{wrong}/keys/{weak.key.id}")
        assert revoked.outcome == (404, "USER_NOT_FOUND")
    assert [(await admin.call("DELETE", f"{url}/{weak.key.id}", token=program.raw)).status for _ in "ab"] == [204] * 2

    assert (await ada.call("GET", "/api/user/permissions", token=weak.raw)).outcome == (401, "TOKEN_REVOKED")
    (event,) = await AuditLogRow.select().where(AuditLogRow.action == "key:revoked")
    assert (event["user_id"], event["resource"], event["actor"]) == (
        user_id,
        f"key:{weak.key.id}",
        f"service:{(await services.core.api_keys.check(program.raw)).service_account_id}",  # type: ignore[union-attr] # it is accepted
    )
    assert f'"key_id":{program.key.id}' in event["details"]


async def test_keys_are_listed_and_revoked_where_personal_keys_are_off(
    app_with: OtherAppFactory, services: Services, user_factory: UserFactory
) -> None:
    admin, ada = await user_factory(), await user_factory()
    await give_role(admin.username, "administrator")
    owner = KeyOwner(user_id=(await ada.profile())["id"])
    key = await add_key(services, owner)
    async with app_with(PERSONAL_API_KEYS="false") as other:
        visitor = Actor(other.client, access_token=admin.access_token)
        url = f"/api/admin/users/{owner.user_id}/keys"
        assert len((await visitor.call("GET", url))["items"]) == 1
        assert (await visitor.call("DELETE", f"{url}/{key.key.id}")).status == 204
