"""A request that exceeds the time limit gets a problem document, and its transaction is rolled back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth_api.events.audit.service import AuditTrail
from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.deadlines import interrupt
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.clock import MovableMonotonicClock
from tests.support.held_hasher import held, requests_wait
from tests.support.log_lines import lines_of_request
from tests.support.problems import assert_problem

LIMIT_SECONDS = 0.2
SHORT = {"REQUEST_TIMEOUT": str(LIMIT_SECONDS)}
"""A time limit that a test can wait for, once it has moved the clock of the deadlines."""


async def register(other: OtherApp) -> httpx.Response:
    return (await Actor(other.client).register()).response


async def register_too_slowly(other: OtherApp, clock: MovableMonotonicClock, earlier: int = 0) -> httpx.Response:
    """Register while the hasher is held, until the time limit. The queue still contains the `earlier` requests."""
    response = asyncio.create_task(register(other))
    await requests_wait(other.services.core.hasher, earlier + 1)
    clock.now += LIMIT_SECONDS
    return await response


async def test_request_over_the_time_limit_is_a_503(
    app_with: OtherAppFactory, log_file: Path, deadline_clock: MovableMonotonicClock
) -> None:
    async with app_with(**SHORT) as other:
        async with held(other.services.core.hasher):
            response = await register_too_slowly(other, deadline_clock)

        problem = assert_problem(response, 503, "SERVER_OVERLOADED")
        assert response.headers["retry-after"] == "1"
        lines = await lines_of_request(log_file, problem["request_id"])
        assert [(line["level"], line["message"]) for line in lines] == [
            ("WARNING", "request interrupted"),
            ("INFO", "request"),
        ]
        assert lines[1]["status"] == 503
        assert (await register(other)).status_code == 201


async def test_interrupted_request_leaves_the_hash_queue(
    app_with: OtherAppFactory, deadline_clock: MovableMonotonicClock
) -> None:
    async with app_with(**SHORT, PASSWORD_HASH_QUEUE_SIZE="1") as other:
        async with held(other.services.core.hasher):
            for number in range(3):
                response = await register_too_slowly(other, deadline_clock, number)
                assert_problem(response, 503, "SERVER_OVERLOADED")

        assert (await register(other)).status_code == 201


async def test_transaction_of_an_interrupted_request_is_rolled_back(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch, deadline_clock: MovableMonotonicClock
) -> None:
    async with app_with(**SHORT, DATABASE_MAX_POOL_SIZE="1") as other:
        record = AuditTrail.record

        async def record_and_wait(*args: Any, **fields: Any) -> None:
            await record(*args, **fields)
            deadline_clock.now += LIMIT_SECONDS
            await asyncio.Event().wait()

        with monkeypatch.context() as patch:
            patch.setattr(AuditTrail, "record", record_and_wait)
            for _ in range(3):  # more often than the pool has connections
                assert_problem(await register(other), 503, "SERVER_OVERLOADED")

        assert [await table.count() for table in (UserRow, SessionRow, AuditLogRow)] == [0, 0, 0]
        assert (await register(other)).status_code == 201


@pytest.fixture
def late_commit(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Task[Any]]:
    """Interrupt the request during the next COMMIT; return a list to which its task is then added."""
    kind: Any = type(services.core.database.engine.transaction())
    commit: Callable[[Any], Awaitable[None]] = kind.commit
    late: list[asyncio.Task[Any]] = []

    async def commit_late(transaction: Any) -> None:
        task: Any = asyncio.current_task()
        if not late:
            late.append(task)
            interrupt(task)
        await asyncio.sleep(0)
        await commit(transaction)

    monkeypatch.setattr(kind, "commit", commit_late)
    return late


async def test_commit_under_way_is_not_interrupted(ada: Actor, late_commit: list[asyncio.Task[Any]]) -> None:
    """Otherwise the client would not know whether the account was created."""
    response = await ada.register()

    assert (response.status, len(late_commit)) == (201, 1)
    assert await UserRow.count() == 1


async def test_request_is_interrupted_after_its_commit(
    ada: Actor, services: Services, late_commit: list[asyncio.Task[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    register = services.of(RegistrationService).register

    async def register_and_wait(*args: Any, **fields: Any) -> Any:
        await register(*args, **fields)
        await asyncio.Event().wait()

    monkeypatch.setattr(RegistrationService, "register", staticmethod(register_and_wait))

    response = await ada.register()

    assert_problem(response.response, 503, "SERVER_OVERLOADED")
    assert len(late_commit) == 1
