"""What changes between the look-up of an account and the opening of its session counts."""

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


async def change_password() -> None:
    await UserRow.update({UserRow.hashed_password: "$argon2id$another"}, force=True)


async def disable() -> None:
    await UserRow.update({UserRow.is_active: False}, force=True)


async def delete() -> None:
    await UserRow.delete(force=True)


CHANGES = [change_password, disable, delete]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("password", ["Correct-Horse-7-Staple", "Wrong-Horse-7-Staple"], ids=["right", "wrong"])
async def test_nobody_gets_in_who_may_no_longer(
    user_factory: UserFactory, services: Services, change: Callable[[], Awaitable[None]], password: str
) -> None:
    ada = await user_factory()
    await SessionRow.delete(force=True)

    async with held(services.hasher):
        login: asyncio.Task[ApiResponse] = asyncio.create_task(ada.log_in(password=password))
        await requests_wait(services.hasher)
        await change()
    response = await login

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert await SessionRow.count() == 0
    assert await audit_actions() == ["account:registered", "login:failed"]


async def test_the_failure_of_an_account_that_is_gone_names_nobody(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async with held(services.hasher):
        login = asyncio.create_task(ada.log_in(password="Wrong-Horse-7-Staple"))
        await requests_wait(services.hasher)
        await delete()
    await login

    rows = await AuditLogRow.select(AuditLogRow.action, AuditLogRow.user_id).order_by(AuditLogRow.id)
    assert rows == [
        {"action": "account:registered", "user_id": None},
        {"action": "login:failed", "user_id": None},
    ]


async def test_a_failure_waits_for_a_deletion_under_way_and_then_names_nobody(
    user_factory: UserFactory, services: Services
) -> None:
    """PostgreSQL finds out at the foreign key, when the row was there a moment ago."""
    ada = await user_factory()
    deleted, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await delete()
        deleted.set()
        await release.wait()

    deletion = asyncio.create_task(services.database.transaction(work))
    await deleted.wait()
    login = asyncio.create_task(ada.log_in(password="Wrong-Horse-7-Staple"))
    await asyncio.sleep(0.1)  # look-up and hash are over, the audit row waits
    release.set()
    await deletion

    assert (await login).outcome == (401, "INVALID_CREDENTIALS")
    assert [row["user_id"] for row in await AuditLogRow.select()] == [None, None]
