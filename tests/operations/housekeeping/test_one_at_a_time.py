"""Several processes clean up, and never two at once."""

import asyncio

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.operations.housekeeping import service
from auth_api.services import Services
from tests.support import over
from tests.support.over import ago


async def test_who_finds_another_at_work_leaves_it_to_that_one(services: Services, engine: str) -> None:
    if engine == "sqlite":
        pytest.skip("who writes is alone: the other waits for a batch and goes on")
    await over.events(None, at=ago(days=400))
    locked, done = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        assert await services.database.try_lock(service.LOCK)
        locked.set()
        await done.wait()

    task = asyncio.create_task(services.database.transaction(other))
    await locked.wait()
    report = await services.housekeeping.clean_up()
    done.set()
    await task

    assert (report.is_complete, sum(report.removed.values())) == (False, 0)
    assert await AuditLogRow.count() == 1
    assert (await services.housekeeping.clean_up()).is_complete


async def test_of_many_at_once_together_they_remove_all_and_each_row_once(services: Services) -> None:
    await over.events(None, at=ago(days=400), count=30)

    reports = await asyncio.gather(*(services.housekeeping.clean_up() for _ in range(5)))

    assert sum(report.removed["audit_events"] for report in reports) == 30
    assert any(report.is_complete for report in reports)
    assert await AuditLogRow.count() == 0


async def test_a_lock_ends_with_its_transaction(services: Services) -> None:
    async def work() -> bool:
        return await services.database.try_lock(service.LOCK)

    assert [await services.database.transaction(work) for _ in range(2)] == [True, True]
