"""Changes of a user whom another request changes or deletes at the same time."""

import asyncio
from uuid import uuid4

import pytest

from auth_api.flows.account.service import AccountService
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.principal import Principal
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import new_username
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.held_hasher import held, requests_wait
from tests.support.rows import audit_actions, user_rows
from tests.support.statements import until_blocked


async def test_rename_waits_for_a_concurrent_deletion_and_fails(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    deleted, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await UserRow.delete(force=True)
        deleted.set()
        await release.wait()

    deletion = asyncio.create_task(services.core.database.transaction(work))
    await deleted.wait()
    renaming = asyncio.create_task(ada.call("PATCH", "/api/user/profile", json={"username": "lovelace"}))
    await until_blocked(services.core.database.engine)
    release.set()
    await deletion

    assert (await renaming).outcome == (404, "USER_NOT_FOUND")
    assert "profile:changed" not in await audit_actions()


async def test_changes_of_a_deleted_user_are_refused(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    user = await services.core.users.find("ada")
    caller = Principal(user=user, session_id=uuid4(), auth_time=user.created_at, amr=("pwd",))
    await UserRow.delete(force=True)
    rename_to = new_username("lovelace")

    with pytest.raises(UserNotFoundException):
        await services.of(AccountService).change_profile(user, {"username": rename_to}, RequestContext())
    with pytest.raises(UserNotFoundException):
        await services.of(AccountService).delete(
            caller, current_password="Correct-Horse-7-Staple", request_context=RequestContext()
        )


async def test_one_of_several_concurrent_password_changes_succeeds(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    new = [f"New-Horse-{number}-Staple" for number in range(3)]

    async with held(services.core.hasher):
        changes = [
            asyncio.create_task(
                ada.call(
                    "POST", "/api/user/password", json={"current_password": ada.password, "new_password": password}
                )
            )
            for password in new
        ]
        await requests_wait(services.core.hasher, 3)
    responses = await asyncio.gather(*changes)

    assert sorted(response.outcome for response in responses) == [(200, "")] + [(401, "INVALID_CREDENTIALS")] * 2
    winner = [response.status for response in responses].index(200)
    statuses = [(await ada.log_in(password=password)).status for password in new]
    assert statuses == [200 if number == winner else 401 for number in range(3)]
    assert (await ada.profile(responses[winner]["access_token"])).status == 200
    assert len(await user_rows()) == 1


async def test_password_change_opens_no_session_after_the_user_has_logged_out_everywhere(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    other = Actor(ada.client)
    await other.log_in()

    async with held(services.core.hasher):
        body = {"current_password": ada.password, "new_password": "Another-Mare-8-Paperclip"}
        change = asyncio.create_task(ada.call("POST", "/api/user/password", json=body))
        await requests_wait(services.core.hasher, 1)
        assert (await other.call("POST", "/api/auth/logout-all")).status == 200

    assert (await change).outcome == (401, "TOKEN_REVOKED")
    assert (await other.log_in()).status == 200
