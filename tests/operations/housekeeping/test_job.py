"""The background job that removes expired rows while a server runs."""

import asyncio
import dataclasses

import pytest
from loguru import logger

from auth_api.kit.background import BackgroundJob
from auth_api.kit.db.retention import RetentionRule
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.kit.prometheus import registry
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from auth_api.throttling.retention import RETENTION_RULES
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import aged_rows
from tests.support.aged_rows import ago
from tests.support.roles import give_role
from tests.support.waiting import TIMEOUT_SECONDS

REMOVE_EXPIRED = "auth_api.operations.housekeeping.service.remove_expired"


async def test_step_logs_removed_rows_and_returns_the_interval(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(days=400), count=2)
    lines: list[dict[str, object]] = []
    sink = logger.add(
        lambda message: lines.append(dict(message.record["extra"])), filter="auth_api.operations.housekeeping"
    )

    pauses = [await services.of(HousekeepingService).step() for _ in range(2)]
    logger.remove(sink)

    assert pauses == [600, 600]
    assert [(line["event"], line["audit_events"]) for line in lines] == [("housekeeping:finished", 2)]


async def test_step_counts_active_administrators(services: Services, user_factory: UserFactory) -> None:
    for username in ("ada", "bob", "eve"):
        await user_factory(username=username)
        await give_role(username, ADMINISTRATOR)
    await UserRow.update({UserRow.is_active: False}).where(UserRow.username == "eve")

    await services.of(HousekeepingService).step()

    assert registry.get_sample_value("auth_api_administrators") == 2


@pytest.mark.parametrize(("variables", "names"), [({}, ["housekeeping"]), ({"HOUSEKEEPING_INTERVAL": "0"}, [])])
async def test_server_runs_the_job_unless_the_interval_is_zero(
    app_with: OtherAppFactory, variables: dict[str, str], names: list[str]
) -> None:
    async with app_with(**variables) as app:
        jobs = [job for feature in app.services.features for job in feature.jobs]

    assert [name for job in jobs if (name := vars(job)["_name"]) == "housekeeping"] == names


async def test_shutdown_interrupts_a_batch_and_releases_its_connection(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_api.kit.background.MAX_STOP_SECONDS", 0.05)
    begun = asyncio.Event()

    async def remove_forever(_rule: RetentionRule, _limit: int) -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    endless = dataclasses.replace(services.of(HousekeepingService), rules=RETENTION_RULES, interval=1)
    with monkeypatch.context() as patch:
        patch.setattr(REMOVE_EXPIRED, remove_forever)
        async with asyncio.timeout(TIMEOUT_SECONDS), BackgroundJob("housekeeping", endless.step).running():
            await begun.wait()

    assert (await services.of(HousekeepingService).clean_up()).is_complete


async def test_job_continues_after_an_outage(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.kit.background.RETRY_SECONDS", 0.001)
    attempts, recovered = 0, asyncio.Event()

    async def fail_twice(_rule: RetentionRule, _limit: int) -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise DatabaseUnavailableException
        recovered.set()
        return 0

    monkeypatch.setattr(REMOVE_EXPIRED, fail_twice)
    flaky = dataclasses.replace(services.of(HousekeepingService), rules=RETENTION_RULES, interval=1)
    async with BackgroundJob("housekeeping", flaky.step).running():
        await asyncio.wait_for(recovered.wait(), TIMEOUT_SECONDS)
