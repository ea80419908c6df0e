"""Transactions on both engines."""

import asyncio

import asyncpg
import pytest

from auth_api.kit.breaker.policy import BreakerState
from auth_api.kit.db.database import MAX_ATTEMPTS, after_commit
from auth_api.kit.errors import DatabaseUnavailableException
from tests.support.scratch import Scratch

CLOSED = BreakerState(state="closed", failures=0, retry_after=0)
VICTIM = "chosen as the victim"
GONE = "connection was closed in the middle of operation"
CONFLICTS = [
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.InvalidCachedStatementError,
]


class AbortError(Exception):
    """Raised to roll back a transaction."""


async def test_transaction_commits_and_returns_the_result(scratch: Scratch) -> None:
    async def work() -> str:
        await scratch.add(1)
        await scratch.add(2)
        return "done"

    assert await scratch.database.transaction(work) == "done"
    assert await scratch.keys() == [1, 2]


async def test_exception_rolls_back_and_is_raised(scratch: Scratch) -> None:
    error = AbortError()

    async def work() -> None:
        await scratch.add(1)
        raise error

    with pytest.raises(AbortError) as met:
        await scratch.database.transaction(work)

    assert met.value is error
    assert await scratch.keys() == []
    assert await scratch.can_open(1)
    assert scratch.breaker.snapshot() == CLOSED


async def test_failed_statement_rolls_back(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.add(1)
        await scratch.run("INSERT INTO scratch (key) VALUES (NULL)")

    with pytest.raises(Exception, match=r"(?i)null"):
        await scratch.database.transaction(work)

    assert await scratch.keys() == []
    assert scratch.breaker.snapshot() == CLOSED


async def test_changes_are_invisible_before_the_commit(scratch: Scratch) -> None:
    inserted, was_read = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await scratch.add(1)
        inserted.set()
        await was_read.wait()

    task = asyncio.create_task(scratch.database.transaction(work))
    await inserted.wait()
    before = await scratch.keys()
    was_read.set()
    await task

    assert (before, await scratch.keys()) == ([], [1])


async def test_nested_transaction_is_part_of_the_outer_one(scratch: Scratch) -> None:
    async def outer() -> None:
        await scratch.database.transaction(lambda: scratch.add(1))
        await scratch.add(2)
        raise AbortError

    with pytest.raises(AbortError):
        await scratch.database.transaction(outer)

    assert await scratch.keys() == []


async def test_after_commit_callbacks_run_in_order_after_the_commit(scratch: Scratch) -> None:
    events: list[str] = []

    async def work() -> None:
        after_commit(lambda: events.append("first"))
        after_commit(lambda: events.append("second"))
        await scratch.add(1)
        events.append("work")

    await scratch.database.transaction(work)

    assert events == ["work", "first", "second"]


async def test_after_commit_callback_does_not_run_after_a_rollback(scratch: Scratch) -> None:
    events: list[str] = []

    async def work() -> None:
        after_commit(lambda: events.append("called"))
        raise AbortError

    with pytest.raises(AbortError):
        await scratch.database.transaction(work)

    assert events == []


async def test_after_commit_callback_runs_after_the_outer_commit(scratch: Scratch) -> None:
    events: list[str] = []

    async def inner() -> None:
        after_commit(lambda: events.append("called"))

    async def outer() -> None:
        await scratch.database.transaction(inner)
        events.append("inner is done")

    await scratch.database.transaction(outer)

    assert events == ["inner is done", "called"]


def test_after_commit_callback_runs_at_once_outside_of_a_transaction() -> None:
    events: list[str] = []

    after_commit(lambda: events.append("called"))

    assert events == ["called"]


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_transaction_is_repeated_after_a_conflict(
    scratch: Scratch, conflict: type[asyncpg.PostgresError]
) -> None:
    events: list[str] = []
    attempts = iter(range(1, 10))

    async def work() -> int:
        await scratch.add(1)
        after_commit(lambda: events.append("called"))
        if (attempt := next(attempts)) < MAX_ATTEMPTS:
            raise conflict(VICTIM)
        return attempt

    assert await scratch.database.transaction(work) == MAX_ATTEMPTS
    assert (await scratch.keys(), events) == ([1], ["called"])


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_lasting_conflict_is_unavailable_but_not_an_outage(
    scratch: Scratch, conflict: type[asyncpg.PostgresError]
) -> None:
    attempts: list[int] = []

    async def work() -> None:
        attempts.append(1)
        await scratch.add(1)
        raise conflict(VICTIM)

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(work)

    assert (len(attempts), await scratch.keys()) == (MAX_ATTEMPTS, [])
    assert scratch.breaker.snapshot() == CLOSED


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_statement_is_repeated_after_a_conflict(scratch: Scratch, conflict: type[asyncpg.PostgresError]) -> None:
    attempts = iter(range(1, 10))

    async def work() -> int:
        if (attempt := next(attempts)) < MAX_ATTEMPTS:
            raise conflict(VICTIM)
        await scratch.add(attempt)
        return attempt

    assert await scratch.database.statement(work) == MAX_ATTEMPTS
    assert await scratch.keys() == [MAX_ATTEMPTS]
    assert scratch.breaker.snapshot() == CLOSED


async def test_statement_in_a_transaction_is_part_of_it(scratch: Scratch) -> None:
    attempts: list[int] = []

    async def work() -> None:
        await scratch.database.statement(lambda: scratch.add(len(attempts)))
        attempts.append(1)
        if len(attempts) == 1:
            raise asyncpg.SerializationError(VICTIM)

    await scratch.database.transaction(work)

    assert await scratch.keys() == [1]


async def test_conflict_in_a_nested_transaction_repeats_the_outer_one(scratch: Scratch) -> None:
    """The first statements were rolled back too."""
    attempts = iter(range(1, 10))

    async def inner() -> None:
        if next(attempts) == 1:
            raise asyncpg.SerializationError(VICTIM)
        await scratch.add(2)

    async def outer() -> None:
        await scratch.add(1)
        await scratch.database.transaction(inner)

    await scratch.database.transaction(outer)

    assert await scratch.keys() == [1, 2]


async def test_transaction_is_one_call_for_the_breaker(scratch: Scratch) -> None:
    async def work() -> None:
        for _ in range(3):
            try:
                await scratch.breaker.call_async(lost_connection)
            except asyncpg.ConnectionDoesNotExistError:
                continue
        await lost_connection()

    async def lost_connection() -> None:
        raise asyncpg.ConnectionDoesNotExistError(GONE)

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(work)

    assert scratch.breaker.snapshot().failures == 1


async def test_concurrent_transactions_all_take_effect(scratch: Scratch) -> None:
    await asyncio.gather(*(scratch.database.transaction(lambda: scratch.add(7)) for _ in range(60)))

    assert await scratch.keys() == [7] * 60


async def test_ping_bypasses_an_open_breaker(scratch: Scratch) -> None:
    scratch.breaker.open()

    await scratch.database.ping()


async def test_nested_transaction_of_piccolo_is_part_of_the_outer_one(scratch: Scratch) -> None:
    async def work() -> None:
        async with scratch.engine.transaction():
            await scratch.add(1)
        await scratch.add(2)
        raise AbortError

    with pytest.raises(AbortError):
        await scratch.database.transaction(work)

    assert await scratch.keys() == []
