"""The job that cleans up while a server runs."""

import asyncio

import pytest
from loguru import logger

from auth_api.kit.background import BackgroundJob
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.operations.housekeeping.service import Chore, HousekeepingService
from auth_api.services import Services
from tests.conftest import OtherAppFactory
from tests.support import over
from tests.support.over import ago


async def test_a_round_says_what_it_removed_and_when_the_next_is_due(services: Services) -> None:
    await over.events(None, at=ago(days=400), count=2)
    said: list[dict[str, object]] = []
    sink = logger.add(
        lambda message: said.append(dict(message.record["extra"])), filter="auth_api.operations.housekeeping"
    )

    pauses = [await services.housekeeping.step() for _ in range(2)]
    logger.remove(sink)

    assert pauses == [600, 600]
    assert [(line["event"], line["audit_events"]) for line in said] == [("housekeeping:done", 2)]


@pytest.mark.parametrize(("variables", "names"), [({}, ["housekeeping"]), ({"HOUSEKEEPING_INTERVAL": "0"}, [])])
async def test_a_server_has_the_job_unless_it_is_switched_off(
    app_with: OtherAppFactory, variables: dict[str, str], names: list[str]
) -> None:
    async with app_with(**variables) as app:
        assert [name for job in app.services.jobs if (name := vars(job)["_name"]) == "housekeeping"] == names


async def test_the_server_s_end_interrupts_a_round(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection of the batch under way comes back."""
    monkeypatch.setattr("auth_api.kit.background.STOP_WITHIN", 0.05)
    begun = asyncio.Event()

    async def remove(_: int) -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    endless = HousekeepingService(database=services.database, chores=(Chore("things", remove, remove),), interval=1)
    async with asyncio.timeout(10), BackgroundJob("housekeeping", endless.step).running():
        await begun.wait()

    assert (await services.housekeeping.clean_up()).is_complete


async def test_it_goes_on_after_an_outage(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.kit.background.AFTER_AN_ERROR", 0.001)
    rounds, recovered = 0, asyncio.Event()

    async def remove(_: int) -> int:
        nonlocal rounds
        rounds += 1
        if rounds < 3:
            raise DatabaseUnavailableException
        recovered.set()
        return 0

    flaky = HousekeepingService(database=services.database, chores=(Chore("things", remove, remove),), interval=1)
    async with BackgroundJob("housekeeping", flaky.step).running():
        await asyncio.wait_for(recovered.wait(), 10)
