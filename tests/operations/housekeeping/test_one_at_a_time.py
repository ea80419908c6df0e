"""Clean-ups by several processes: one at a time removes rows."""

import asyncio

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.operations.housekeeping import service
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.services import Services
from tests.support import aged_rows
from tests.support.aged_rows import ago


async def test_clean_up_stops_while_another_process_removes_rows(services: Services, engine: str) -> None:
    if engine == "sqlite":
        pytest.skip("SQLite has one writer at a time: a second process waits for the batch and continues")
    await aged_rows.add_events(None, at=ago(days=400))
    locked, done = asyncio.Event(), asyncio.Event()

    async def hold_the_lock() -> None:
        assert await services.core.database.try_lock(service.ADVISORY_LOCK)
        locked.set()
        await done.wait()

    task = asyncio.create_task(services.core.database.transaction(hold_the_lock))
    await locked.wait()
    report = await services.of(HousekeepingService).clean_up()
    done.set()
    await task

    assert (report.is_complete, sum(report.removed.values())) == (False, 0)
    assert await AuditLogRow.count() == 1
    assert (await services.of(HousekeepingService).clean_up()).is_complete


async def test_concurrent_clean_ups_remove_each_row_once(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(days=400), count=30)

    reports = await asyncio.gather(*(services.of(HousekeepingService).clean_up() for _ in range(5)))

    assert sum(report.removed["audit_events"] for report in reports) == 30
    assert any(report.is_complete for report in reports)
    assert await AuditLogRow.count() == 0


async def test_lock_is_released_with_its_transaction(services: Services) -> None:
    async def work() -> bool:
        return await services.core.database.try_lock(service.ADVISORY_LOCK)

    assert [await services.core.database.transaction(work) for _ in range(2)] == [True, True]
