"""Deletion of the user's own account."""

import asyncio
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.faults import fault
from tests.support.held_hasher import held, requests_wait
from tests.support.roles import give_role
from tests.support.rows import audit_actions


async def delete(actor: Actor, password: str | None = None) -> ApiResponse:
    body = {"current_password": actor.password if password is None else password}
    return await actor.call("POST", "/api/user/delete", json=body)


async def test_deletion_removes_user_sessions_and_tokens(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_in()

    response = await delete(ada)

    assert (response.status, response.response.content) == (204, b"")
    assert [await table.count() for table in (UserRow, SessionRow, RefreshTokenRow)] == [0, 0, 0]


async def test_deletion_keeps_the_audit_rows_without_the_user(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_in()

    await delete(ada)

    assert await audit_actions() == ["account:registered", "login:succeeded", "account:deleted"]
    assert [row["user_id"] for row in await AuditLogRow.select()] == [None] * 3


async def test_deletion_does_not_affect_other_users(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory()

    await delete(ada)

    assert (await grace.profile()).status == 200
    assert (await grace.try_refresh()).status == 200


@pytest.mark.parametrize("password", ["Wrong-Horse-7-Staple", "", "!", "correct-horse-7-staple"])
async def test_deletion_with_a_wrong_password_is_refused(user_factory: UserFactory, password: str) -> None:
    ada = await user_factory()

    assert (await delete(ada, password)).outcome == (401, "INVALID_CREDENTIALS")

    assert (await ada.profile()).status == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"current_password": 1}, [("current_password", "type")]),
        ({"current_password": "a" * 1025}, [("current_password", "too_long")]),
        ({"password": "x"}, [("password", "unknown")]),
    ],
    ids=["number", "too long", "another field"],
)
async def test_deletion_request_is_validated(
    user_factory: UserFactory, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/user/delete", json=body)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == errors


async def test_username_and_email_of_a_deleted_user_can_be_registered_again(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first_id = (await ada.profile())["id"]
    old_access, old_refresh = ada.access_token, ada.refresh_token
    await delete(ada)

    again = await ada.register()

    assert again.status == 201
    assert again["id"] > first_id
    assert (await ada.profile(old_access)).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh(old_refresh)).outcome == (401, "TOKEN_INVALID")
    assert (await delete(Actor(ada.client, access_token=old_access))).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).status == 200


async def test_deletion_fails_if_it_cannot_be_recorded(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        assert (await delete(ada)).outcome == (500, "INTERNAL_ERROR")

    assert (await ada.profile()).status == 200
    assert (await ada.try_refresh()).status == 200


async def test_one_of_several_concurrent_deletions_succeeds(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    async with held(services.core.hasher):
        deletions = [asyncio.create_task(delete(ada)) for _ in range(4)]
        await requests_wait(services.core.hasher, 4)
    responses = await asyncio.gather(*deletions)

    assert sorted(response.outcome for response in responses) == [(204, "")] + [(404, "USER_NOT_FOUND")] * 3
    assert (await audit_actions()).count("account:deleted") == 1


async def test_deletion_fails_if_the_password_is_changed_during_it(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async with held(services.core.hasher):
        deletion = asyncio.create_task(delete(ada))
        await requests_wait(services.core.hasher)
        await UserRow.update({UserRow.hashed_password: "$argon2id$another"}, force=True)

    assert (await deletion).outcome == (404, "USER_NOT_FOUND")
    assert await UserRow.count() == 1
    assert "account:deleted" not in await audit_actions()


async def test_last_administrator_cannot_delete_the_own_account(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory()
    await give_role(ada.username, ADMINISTRATOR)

    assert (await delete(ada)).outcome == (409, "LAST_ADMINISTRATOR")
    assert (await ada.profile()).status == 200

    await give_role(grace.username, ADMINISTRATOR)
    assert (await delete(ada)).status == 204
    assert await UserRow.count() == 1


async def test_administrators_who_delete_their_accounts_at_the_same_time_leave_one(
    app_with: OtherAppFactory,
) -> None:
    """Each would see the other one, if their transactions did not wait for each other."""
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        for number in range(5):
            names = [f"ada{number}", f"grace{number}"]
            pair = [Actor(other.client, username=name, email=f"{name}@example.com") for name in names]
            for actor in pair:
                await actor.register()
                await give_role(actor.username, ADMINISTRATOR)

            responses = await asyncio.gather(*(delete(actor) for actor in pair))

            assert sorted(response.outcome for response in responses) == [(204, ""), (409, "LAST_ADMINISTRATOR")]
            await UserRow.delete(force=True)
