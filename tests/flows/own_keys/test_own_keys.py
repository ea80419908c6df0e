"""Users create, list and revoke API keys of their own account."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from auth_api.credentials.api_keys.policy import ApiKeyPolicy
from auth_api.credentials.api_keys.service import MAX_KEYS_OF_USER
from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.own_keys.service import OwnKeys
from auth_api.kit.crypto.api_keys import has_valid_checksum
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import RankTooLowException
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.sign_in.policy import MfaPolicy
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import ago
from tests.support.api_keys import add_key, add_service_account
from tests.support.mail_flows import NEW_PASSWORD, change_password, report
from tests.support.mailbox import Mailbox
from tests.support.roles import add_permission, give_role

PATH = "/api/user/keys"


async def create(actor: Actor, *scopes: str, **fields: Any) -> ApiResponse:
    body = {"name": "script", "scopes": list(scopes) or ["profile:read"], **fields}
    return await actor.call("POST", PATH, json=body)


async def fill_limit(number: int = MAX_KEYS_OF_USER) -> None:
    """Add keys to the only user."""
    for count in range(number):
        await ApiKeyRow.raw(
            "INSERT INTO api_keys (user_id, name, token_hash, hint, scopes, created_by, created_at) "
            "SELECT id, 'x', {}, 'abcd', 'profile:read', 'cli', clock_timestamp() FROM users",
            f"digest-{count}",
        )


async def test_key_is_shown_once_works_and_ends_with_its_revocation(user_factory: UserFactory) -> None:
    ada, eve = await user_factory(is_verified=True), await user_factory(is_verified=True)

    created = await create(ada, "profile:read", "profile:read", name="  Backup  script ")
    listed = await ada.call("GET", PATH)
    used = await ada.profile(created["secret"])
    foreign = await eve.call("DELETE", f"{PATH}/{created['id']}")
    revoked = [await ada.call("DELETE", f"{PATH}/{created['id']}") for _ in range(2)]

    assert created.status == 201
    secret = created.json.pop("secret")
    assert has_valid_checksum(secret)
    assert (created["name"], created["scopes"], created["hint"]) == ("Backup script", ["profile:read"], secret[9:13])
    assert (created["status"], created["last_used_at"]) == ("active", None)
    assert created["created_by"] == f"user:{used['id']}"
    assert [set(item) for item in listed["items"]] == [set(created.json) - {"secret"}]
    assert foreign.outcome == (404, "KEY_NOT_FOUND")
    assert [response.status for response in revoked] == [204, 204]
    assert (await ada.profile(secret)).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.call("GET", PATH))["items"][0]["status"] == "revoked"
    for wrong in ("0", "x", f"0{created['id']}", str(2**63), "-1"):
        assert (await ada.call("DELETE", f"{PATH}/{wrong}")).outcome == (404, "KEY_NOT_FOUND")


async def test_lifetime_has_a_default_and_a_maximum(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)

    for days, expected in ((None, 90), (366, 366)):
        response = await create(ada, **({} if days is None else {"expires_in_days": days}))
        (row,) = await ApiKeyRow.select().where(ApiKeyRow.id == response["id"])
        assert (row["expires_at"] - row["created_at"]).days == expected
    for days in (0, 367, 3651):
        response = await create(ada, expires_in_days=days)
        assert response.outcome == (400, "VALIDATION_ERROR")
        assert [(each["field"], each["code"]) for each in response["errors"]] == [("expires_in_days", "range")]


async def test_scopes_must_exist_and_belong_to_the_user(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await add_permission("orders:read")

    for unknown in ("*", "orders:write", "Users:read"):
        response = await create(ada, unknown, "users:read")
        assert [(each["field"], each["code"]) for each in response["errors"]] == [("scopes", "not_found")]
    assert (await create(ada, "users:read")).outcome == (403, "RANK_TOO_LOW")
    assert (await create(ada, "orders:read")).outcome == (403, "RANK_TOO_LOW")
    await give_role(ada.username, "support")
    assert (await create(ada, "users:read", "profile:read")).status == 201
    await give_role(ada.username, "administrator")
    assert (await create(ada, "orders:read", "users:delete")).status == 201


async def test_refusals_come_in_the_documented_order(user_factory: UserFactory, mailbox: Mailbox) -> None:
    """Recent proof, fields, rank, e-mail address, number of keys."""
    ada = await user_factory()
    await SessionRow.update({SessionRow.auth_time: ago(hours=1)}, force=True)
    assert (await create(ada, "users:such")).outcome == (403, "STEP_UP_REQUIRED")
    await ada.log_in()
    assert (await create(ada, "users:such", "users:read")).outcome == (400, "VALIDATION_ERROR")
    assert (await create(ada, "users:read")).outcome == (403, "RANK_TOO_LOW")
    assert (await create(ada)).outcome == (403, "EMAIL_NOT_VERIFIED")
    await UserRow.update({UserRow.email_verified_at: UserRow.created_at}, force=True)
    await fill_limit()
    assert (await create(ada)).outcome == (409, "LIMIT_REACHED")
    await ApiKeyRow.delete(force=True)
    assert (await create(ada)).status == 201
    assert await AuditLogRow.count().where(AuditLogRow.action == "key:created") == 1
    assert len(mailbox.sent) == 0


async def test_administrative_scope_needs_a_second_factor_where_administrators_do(
    services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory(is_verified=True)
    sessions = services.core.sessions
    principal = await sessions.granted_principal(sessions.access_tokens.verify(ada.access_token))
    strict = replace(services.of(OwnKeys), mfa_policy=MfaPolicy(requirement="admins"))

    async def create_with(scope: str) -> str:
        created = await strict.create(
            principal, name="x", scopes=[scope], days=None, request_context=RequestContext(actor="user:1")
        )
        return created.key.scopes

    with pytest.raises(RankTooLowException):
        await create_with("users:read")
    await give_role(ada.username, "administrator")
    with pytest.raises(StepUpRequiredException):
        await create_with("users:read")
    assert await create_with("access:check") == "access:check"


async def test_key_of_the_user_makes_no_key(services: Services, user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    personal = (await create(ada))["secret"]
    service = (await add_key(services, await add_service_account())).raw

    for method, path, raw in (
        ("POST", PATH, personal),
        ("GET", PATH, personal),
        ("DELETE", f"{PATH}/1", service),
        ("POST", PATH, service),
    ):
        arguments = {"json": {"name": "x", "scopes": ["profile:read"]}} if method == "POST" else {}
        assert (await ada.call(method, path, token=raw, **arguments)).outcome == (403, "SESSION_REQUIRED")


async def test_limits_hold_under_races_and_count_only_created_keys(
    app_with: OtherAppFactory, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await fill_limit(MAX_KEYS_OF_USER - 1)
    async with app_with(RATE_LIMIT_ENABLED="true", mailer=mailbox) as limited:
        visitor = Actor(limited.client, access_token=ada.access_token)
        raced = await asyncio.gather(*(create(visitor) for _ in range(5)))
        assert sorted(response.outcome for response in raced) == [(201, "")] + [(409, "LIMIT_REACHED")] * 4
        await ApiKeyRow.delete(force=True)
        outcomes = [(await create(visitor)).outcome for _ in range(20)]
    assert outcomes == [(201, "")] * 19 + [(429, "RATE_LIMITED")]


async def test_owner_learns_about_a_new_key_and_ends_it_by_the_link(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    created = await create(ada)

    (mail,) = await mailbox.collect()
    assert "New API key" in mail.subject
    assert f"auth_pat_{created['hint']}" in mail.text
    assert created["secret"] not in mail.text
    found = re.search(r"ot_[A-Za-z0-9_-]{43}", mail.text)
    assert found is not None
    await report(ada, found[0])

    assert (await ada.profile(created["secret"])).outcome == (401, "TOKEN_REVOKED")
    (row,) = await ApiKeyRow.select()
    assert row["revoked_reason"] == "reported"


async def test_keys_survive_a_password_change_and_are_listed_in_its_mail(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    kept, revoked = await create(ada), await create(ada)
    await ada.call("DELETE", f"{PATH}/{revoked['id']}")
    await mailbox.collect()

    assert (await change_password(ada, NEW_PASSWORD)).status == 200

    mail = (await mailbox.collect())[-1]
    for text in (mail.text, mail.html):
        assert f"auth_pat_{kept['hint']}." in text
        assert revoked["hint"] not in text
    assert (await ada.profile(kept["secret"])).status == 200


async def test_routes_do_not_exist_where_personal_keys_are_off(app_with: OtherAppFactory) -> None:
    async with app_with(PERSONAL_API_KEYS="false") as other:
        for method in ("GET", "POST"):
            assert (await Actor(other.client).call(method, PATH)).outcome == (404, "NOT_FOUND")


def test_default_lifetime_is_at_most_the_maximum() -> None:
    assert (ApiKeyPolicy(max_days=30).default_days, ApiKeyPolicy(max_days=366).default_days) == (30, 90)
