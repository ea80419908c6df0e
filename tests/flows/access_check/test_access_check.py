"""Other services ask what the holder of a token may do: the answer is that of this moment, and never an error."""

from typing import Any
from uuid import UUID

import pytest

from auth_api.credentials.api_keys.api_key import KeyOwner
from auth_api.flows.access_check.service import AccessCheck
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.clock import optional_rfc3339
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import CircuitBreakerOpenException
from auth_api.kit.request_context import RequestContext
from auth_api.roles.tables import PermissionRow, UserRoleRow
from auth_api.services import Services
from tests.conftest import TokenFactory, UserFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.api_keys import add_key, add_service_account
from tests.support.breakers import begin_outage
from tests.support.roles import add_role, give_role

PATH = "/api/access/check"

INACTIVE = {"active": False, "subject": None, "session_id": None, "key_id": None, "expires_at": None}


@pytest.fixture
async def checker(user_factory: UserFactory) -> Actor:
    """A caller who may check access."""
    actor = await user_factory(username="checker")
    await add_role("checker", ["access:check"])
    await give_role("checker", "checker")
    return actor


async def check(checker: Actor, **body: Any) -> ApiResponse:
    return await checker.call("POST", PATH, json={"permissions": [], **body})


async def declare(name: str) -> None:
    await PermissionRow.raw(
        "INSERT INTO permissions (name, description, created_at) VALUES ({}, '', clock_timestamp())", name
    )


async def test_answer_follows_roles_and_session_at_once(
    checker: Actor, user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    await declare("orders:read")
    await declare("orders:write")
    await add_role("shop", ["orders:read", "users:read"])
    user_id = await give_role(ada.username, "shop")
    names = ["users:read", "orders:read", "orders:write", "orders:read"]

    by_token = await check(checker, token=ada.access_token, permissions=names)
    by_id = await check(checker, user_id=user_id, permissions=names)

    allowed = {"users:read": True, "orders:read": True, "orders:write": False}
    assert (by_token.status, by_token["allowed"], by_id["allowed"]) == (200, allowed, allowed)
    assert by_token["subject"] == by_id["subject"] == {"type": "user", "id": user_id}
    claims = services.core.sessions.access_tokens.verify(ada.access_token)
    assert (UUID(by_token["session_id"]), by_token["key_id"]) == (claims.sid, None)
    assert by_token["expires_at"].endswith(".000Z")
    assert [by_id[name] for name in ("session_id", "key_id", "expires_at")] == [None] * 3
    assert by_token["active"] is by_id["active"] is True

    await UserRoleRow.delete().where(UserRoleRow.user_id == user_id)
    assert not any((await check(checker, token=ada.access_token, permissions=names))["allowed"].values())
    await ada.log_out()
    assert (await check(checker, token=ada.access_token))["active"] is False
    assert (await check(checker, user_id=user_id))["active"] is True
    await operators.disable(services, ada.username)
    assert (await check(checker, user_id=user_id)).json == {**INACTIVE, "allowed": {}}


async def test_api_key_has_its_scopes_and_a_check_records_nothing(
    checker: Actor, user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    user_id = await give_role(ada.username, "support")
    personal = await add_key(
        services, KeyOwner(user_id=user_id), "users:read", "profile:read", "users:write", days=None
    )
    account = await add_service_account()
    service = await add_key(services, account, "orders:read")
    names = ["orders:read", "profile:read", "users:read", "users:write"]

    by_personal = (await check(checker, token=personal.raw, permissions=names)).json
    by_service = (await check(checker, token=service.raw, permissions=names)).json

    common = {"active": True, "session_id": None}
    assert by_personal == {
        **common,
        "subject": {"type": "user", "id": user_id},
        "key_id": personal.key.id,
        "expires_at": None,
        "allowed": dict(zip(names, [False, True, True, False], strict=True)),
    }
    assert by_service == {
        **common,
        "subject": {"type": "service_account", "id": account.service_account_id},
        "key_id": service.key.id,
        "expires_at": optional_rfc3339(service.key.expires_at),
        "allowed": dict(zip(names, [True, False, False, False], strict=True)),
    }
    unwritten = services.core.api_keys.last_uses._unwritten  # noqa: SLF001 - what the next write would store
    assert unwritten.keys().isdisjoint({personal.key.id, service.key.id})

    await services.core.api_keys.revoke(account, service.key.id, RequestContext())
    await operators.disable(services, ada.username)
    expired = await add_key(services, account, "orders:read", days=-1)
    for key in (personal, service, expired):
        assert (await check(checker, token=key.raw)).json == {**INACTIVE, "allowed": {}}


async def test_api_key_with_the_scope_may_ask(services: Services, checker: Actor) -> None:
    account = await add_service_account()
    asking = await add_key(services, account, "access:check")
    other = await add_key(services, account, "revocations:read")

    answers = [
        await checker.call("POST", PATH, token=key.raw, json={"token": "x", "permissions": []})
        for key in (asking, other)
    ]

    assert [answer.outcome for answer in answers] == [(200, ""), (403, "PERMISSION_DENIED")]


async def test_administrator_has_all_permissions_that_exist(checker: Actor, user_factory: UserFactory) -> None:
    root = await user_factory()
    await give_role(root.username, "administrator")
    await declare("orders:read")

    names = ["orders:read", "orders:misspelled", "users:write"]
    answer = await check(checker, token=root.access_token, permissions=names)

    assert answer["allowed"] == {"orders:read": True, "orders:misspelled": False, "users:write": True}


async def test_token_or_user_that_does_not_work_is_inactive(
    checker: Actor, user_factory: UserFactory, valid_token_factory: TokenFactory, expired_token_factory: TokenFactory
) -> None:
    ada = await user_factory()
    sid = UUID(int=7)
    tokens = [
        *("", " ", "x", "\0", "é", "a.b.c", "x" * 8192, ada.refresh_token, ada.access_token[:-4] + "AAAA"),
        *("auth_svc_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2yj1dY", "auth_pat_", "Bearer " + ada.access_token),
        valid_token_factory(user_id=1, session_id=sid),
        expired_token_factory(user_id=1, session_id=sid),
    ]
    bodies: list[dict[str, Any]] = [
        *({"token": each} for each in tokens),
        *({"user_id": each} for each in (0, -1, 2**63, 2**70, 999_999)),
    ]

    for body in bodies:
        answer = await check(checker, **body, permissions=["users:read"])
        assert (answer.status, answer.json) == (200, {**INACTIVE, "allowed": {"users:read": False}}), body


async def test_invalid_questions_are_refused(checker: Actor) -> None:
    async def errors(body: dict[str, Any]) -> set[tuple[str, str]]:
        answer = await checker.call("POST", PATH, json=body)
        assert answer.outcome == (400, "VALIDATION_ERROR"), body
        return {(error["field"], error["code"]) for error in answer["errors"]}

    assert await errors({"permissions": []}) == {("token", "missing")}
    assert await errors({"token": None, "user_id": None, "permissions": []}) == {("token", "missing")}
    assert await errors({"token": "x", "user_id": 1, "permissions": []}) == {("token", "conflict")}
    assert await errors({"token": "x"}) == {("permissions", "missing")}
    assert await errors({"token": "x" * 8193, "permissions": []}) == {("token", "too_long")}
    assert await errors({"token": "x", "permissions": ["a:b"] * 51}) == {("permissions", "too_long")}
    for name in ("orders", "Orders:read", "*", "a:b:c:d", "a:b\n", "a" * 32 + ":b"):
        assert await errors({"token": "x", "permissions": ["a:b", name]}) == {("permissions", "format")}, name
    assert ("permissions", "type") in await errors({"token": "x", "permissions": [1]})
    assert await errors({"user_id": "7", "permissions": []}) == {("user_id", "type")}
    assert await errors({"user_id": True, "permissions": []}) == {("user_id", "type")}


async def test_question_needs_the_permission(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await check(ada, token="x")).outcome == (403, "PERMISSION_DENIED")
    assert (await ada.call("POST", PATH, token="", json={})).outcome == (401, "AUTHENTICATION_REQUIRED")


async def test_outage_of_the_database_is_not_an_inactive_token(
    checker: Actor, user_factory: UserFactory, services: Services
) -> None:
    ada, access_check = await user_factory(), services.of(AccessCheck)
    await begin_outage()

    for checking in (access_check.of_token(ada.access_token, []), access_check.of_user(1, [])):
        with pytest.raises(CircuitBreakerOpenException):
            await checking
    assert (await check(checker, token=ada.access_token)).status == 503
    breakers.get(SERVICE).close()
