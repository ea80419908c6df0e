"""API keys as bearer tokens: which are accepted, what they may do, and where."""

from typing import Any

from auth_api.credentials.api_keys.api_key import CreatedKey, KeyOwner
from auth_api.credentials.api_keys.tables import ApiKeyRow, ServiceAccountRow
from auth_api.kit.crypto.api_keys import write_api_key
from auth_api.kit.crypto.tokens import PERSONAL_API_KEY
from auth_api.kit.prometheus import registry
from auth_api.roles.tables import UserRoleRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.api_keys import add_key, add_service_account
from tests.support.roles import give_role
from tests.support.statements import recorded

PERMISSIONS = "/api/user/permissions"
PROFILE = "/api/user/profile"


async def owner_of(actor: Actor) -> KeyOwner:
    return KeyOwner(user_id=(await actor.profile())["id"])


async def outcome(actor: Actor, raw: str, path: str = PERMISSIONS, method: str = "GET") -> tuple[int, str]:
    return (await actor.call(method, path, token=raw)).outcome


def checks(kind: str, outcome: str) -> float:
    return registry.get_sample_value("auth_api_api_key_checks_total", {"kind": kind, "outcome": outcome}) or 0.0


async def test_rights_of_a_personal_key_are_its_scopes_that_the_owner_has_now(
    services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    owner = await owner_of(ada)
    key = await add_key(services, owner, "users:read", "users:write", "profile:read", "orders:read")

    none = await ada.call("GET", PERMISSIONS, token=key.raw)
    await give_role(ada.username, "support")
    some = await ada.call("GET", PERMISSIONS, token=key.raw)
    await give_role(ada.username, "administrator")
    everything = await ada.call("GET", PERMISSIONS, token=key.raw)
    await UserRoleRow.delete(force=True)
    after = await ada.call("GET", PERMISSIONS, token=key.raw)

    assert none["subject"] == {"type": "user", "id": owner.user_id}
    assert (none["permissions"], after["permissions"]) == (["profile:read"],) * 2
    assert (some["roles"], some["permissions"]) == (["support"], ["profile:read", "users:read"])
    assert everything["permissions"] == ["orders:read", "profile:read", "users:read", "users:write"]


async def test_rights_of_a_service_key_are_its_scopes(services: Services, ada: Actor) -> None:
    owner = await add_service_account()
    key = await add_key(services, owner, "users:read", "access:check")

    access = await ada.call("GET", PERMISSIONS, token=key.raw)

    assert access["subject"] == {"type": "service_account", "id": owner.service_account_id}
    assert (access["roles"], access["permissions"]) == ([], ["access:check", "users:read"])


async def test_key_that_has_ended_is_refused_in_every_state(services: Services, user_factory: UserFactory) -> None:
    """An ended key of a disabled owner is revoked, not expired: the first reason of the order counts."""
    ada = await user_factory()
    owner, account = await owner_of(ada), await add_service_account()
    live, service = await add_key(services, owner), await add_key(services, account)
    expired = (await add_key(services, owner, days=-1)).raw, (await add_key(services, account, days=-1)).raw
    revoked = await add_key(services, owner, days=-1)
    await ApiKeyRow.update({ApiKeyRow.revoked_at: ApiKeyRow.created_at}).where(ApiKeyRow.id == revoked.key.id)
    unknown = write_api_key(PERSONAL_API_KEY, bytes(32))
    misspelt = live.raw[:-1] + ("1" if live.raw[-1] == "0" else "0")

    assert await outcome(ada, live.raw) == await outcome(ada, service.raw) == (200, "")
    assert await outcome(ada, unknown) == await outcome(ada, misspelt) == (401, "TOKEN_INVALID")
    assert await outcome(ada, revoked.raw) == (401, "TOKEN_REVOKED")
    assert {await outcome(ada, raw) for raw in expired} == {(401, "TOKEN_EXPIRED")}
    await UserRow.update({UserRow.is_active: False}, force=True)
    await ServiceAccountRow.update({ServiceAccountRow.is_active: False}, force=True)
    for raw in (live.raw, service.raw, *expired):
        assert await outcome(ada, raw) == (401, "TOKEN_REVOKED")
    await UserRow.update({UserRow.is_active: True}, force=True)
    await ServiceAccountRow.update({ServiceAccountRow.is_active: True}, force=True)
    assert await outcome(ada, live.raw) == await outcome(ada, service.raw) == (200, "")
    await UserRow.delete(force=True)
    await ServiceAccountRow.delete(force=True)
    assert await outcome(ada, live.raw) == await outcome(ada, service.raw) == (401, "TOKEN_INVALID")


async def test_key_is_found_by_one_statement_and_junk_by_none(services: Services, ada: Actor) -> None:
    key = await add_key(services, await add_service_account())
    before = checks("personal", "malformed"), checks("personal", "unknown"), checks("service", "accepted")

    with recorded(services.core.database.engine) as statements:
        await outcome(ada, "auth_pat_junk")
        await outcome(ada, key.raw.replace("auth_svc_", "auth_pat_"))
        assert statements == []
        await outcome(ada, write_api_key(PERSONAL_API_KEY, bytes(32)))
        await outcome(ada, key.raw)
        assert len(statements) == 2

    after = checks("personal", "malformed"), checks("personal", "unknown"), checks("service", "accepted")
    assert tuple(now - then for now, then in zip(after, before, strict=True)) == (2, 1, 1)


async def test_routes_of_sessions_refuse_keys(services: Services, user_factory: UserFactory) -> None:
    """A dead key is 401 there as everywhere."""
    ada = await user_factory()
    key, dead = await add_key(services, await owner_of(ada)), await add_key(services, await owner_of(ada), days=-1)
    protected, optional = ("GET", "/api/user/sessions"), ("POST", "/api/auth/email/verify")

    for method, path in (protected, optional, ("POST", "/api/user/totp")):
        arguments: dict[str, Any] = {"json": {"token": "ot_x"}} if path == optional[1] else {}
        arguments |= {"json": {}} if path == "/api/user/totp" else {}
        refused = await ada.call(method, path, token=key.raw, **arguments)
        expired = await ada.call(method, path, token=dead.raw, **arguments)
        assert refused.outcome == (403, "SESSION_REQUIRED"), path
        assert expired.outcome == (401, "TOKEN_EXPIRED"), path


async def test_profile_needs_the_scope_of_a_personal_key(services: Services, user_factory: UserFactory) -> None:
    ada = await user_factory()
    owner = await owner_of(ada)
    with_scope = await add_key(services, owner, "profile:read")
    without = await add_key(services, owner, "users:read")
    service = await add_key(services, await add_service_account(), "profile:read")

    profile = await ada.profile(with_scope.raw)
    denied = await ada.profile(without.raw)

    assert profile.json == (await ada.profile()).json
    assert (*denied.outcome, denied["required_permission"]) == (403, "PERMISSION_DENIED", "profile:read")
    assert (await ada.profile(service.raw)).outcome == (403, "SESSION_REQUIRED")


async def test_use_of_a_key_is_remembered_and_a_check_is_none(services: Services, ada: Actor) -> None:
    owner = await add_service_account()
    used, checked, refused = [await add_key(services, owner, days=days) for days in (90, 90, -1)]

    await outcome(ada, used.raw)
    await outcome(ada, refused.raw)
    found = await services.core.api_keys.check(checked.raw)
    assert found is not None
    assert found.id == checked.key.id
    assert await services.core.api_keys.check(refused.raw) is None
    await services.core.api_keys.last_uses.write()

    keys: list[CreatedKey] = [used, checked, refused]
    stored = [await services.core.api_keys.find(owner, each.key.id) for each in keys]
    assert [key.last_used_ip_address for key in stored] == [CLIENT_IP, None, None]
    assert stored[0].last_used_at is not None


async def test_personal_keys_can_be_switched_off(
    app_with: OtherAppFactory, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    personal = await add_key(services, await owner_of(ada))
    service = await add_key(services, await add_service_account())

    async with app_with(PERSONAL_API_KEYS="false") as other:
        visitor = Actor(other.client)
        assert await outcome(visitor, personal.raw) == (401, "TOKEN_REVOKED")
        assert await outcome(visitor, service.raw) == (200, "")
