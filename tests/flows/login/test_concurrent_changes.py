"""The user is changed between the look-up and the opening of the session."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import ApiResponse
from tests.support.held_hasher import held, requests_wait
from tests.support.rows import audit_actions
from tests.support.statements import until_blocked


async def change_password() -> None:
    await UserRow.update({UserRow.hashed_password: "$argon2id$another"}, force=True)


async def delete() -> None:
    await UserRow.delete(force=True)


CHANGES = [change_password, delete]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize(
    "password", ["Correct-Horse-7-Staple", "Wrong-Horse-7-Staple"], ids=["correct password", "wrong password"]
)
async def test_login_fails_if_the_user_is_changed_during_it(
    user_factory: UserFactory, services: Services, change: Callable[[], Awaitable[None]], password: str
) -> None:
    ada = await user_factory()
    await SessionRow.delete(force=True)

    async with held(services.core.hasher):
        login: asyncio.Task[ApiResponse] = asyncio.create_task(ada.log_in(password=password))
        await requests_wait(services.core.hasher)
        await change()
    response = await login

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert await SessionRow.count() == 0
    assert await audit_actions() == ["account:registered", "login:failed"]


async def test_failed_login_of_a_deleted_user_is_recorded_without_the_user(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async with held(services.core.hasher):
        login = asyncio.create_task(ada.log_in(password="Wrong-Horse-7-Staple"))
        await requests_wait(services.core.hasher)
        await delete()
    await login

    rows = await AuditLogRow.select(AuditLogRow.action, AuditLogRow.user_id).order_by(AuditLogRow.id)
    assert rows == [
        {"action": "account:registered", "user_id": None},
        {"action": "login:failed", "user_id": None},
    ]


async def test_failed_login_waits_for_a_concurrent_deletion_and_is_recorded_without_the_user(
    user_factory: UserFactory, services: Services
) -> None:
    """PostgreSQL checks the foreign key after the deletion, although the statement began before it."""
    ada = await user_factory()
    deleted, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await delete()
        deleted.set()
        await release.wait()

    deletion = asyncio.create_task(services.core.database.transaction(work))
    await deleted.wait()
    login = asyncio.create_task(ada.log_in(password="Wrong-Horse-7-Staple"))
    await until_blocked(services.core.database.engine)  # the audit row waits
    release.set()
    await deletion

    assert (await login).outcome == (401, "INVALID_CREDENTIALS")
    assert [row["user_id"] for row in await AuditLogRow.select()] == [None, None]
