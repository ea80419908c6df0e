"""All of a transaction or nothing of it, on both engines."""

import asyncio

import asyncpg
import pytest

from auth_api.kit.breaker.policy import BreakerState
from auth_api.kit.db.database import ATTEMPTS, after_commit
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


class ChangedMindError(Exception):
    """What ends a transaction here."""


async def test_what_was_done_is_kept_and_the_result_returned(scratch: Scratch) -> None:
    async def work() -> str:
        await scratch.add(1)
        await scratch.add(2)
        return "done"

    assert await scratch.database.transaction(work) == "done"
    assert await scratch.keys() == [1, 2]


async def test_an_exception_undoes_everything_and_comes_through(scratch: Scratch) -> None:
    error = ChangedMindError()

    async def work() -> None:
        await scratch.add(1)
        raise error

    with pytest.raises(ChangedMindError) as met:
        await scratch.database.transaction(work)

    assert met.value is error
    assert await scratch.keys() == []
    assert await scratch.has_room_for(1)
    assert scratch.breaker.snapshot() == CLOSED


async def test_a_failed_statement_undoes_everything(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.add(1)
        await scratch.run("INSERT INTO scratch (key) VALUES (NULL)")

    with pytest.raises(Exception, match=r"(?i)null"):
        await scratch.database.transaction(work)

    assert await scratch.keys() == []
    assert scratch.breaker.snapshot() == CLOSED


async def test_others_see_nothing_of_it_before_the_commit(scratch: Scratch) -> None:
    inserted, looked = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await scratch.add(1)
        inserted.set()
        await looked.wait()

    task = asyncio.create_task(scratch.database.transaction(work))
    await inserted.wait()
    before = await scratch.keys()
    looked.set()
    await task

    assert (before, await scratch.keys()) == ([], [1])


async def test_a_transaction_within_a_transaction_is_a_part_of_it(scratch: Scratch) -> None:
    async def outer() -> None:
        await scratch.database.transaction(lambda: scratch.add(1))
        await scratch.add(2)
        raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await scratch.database.transaction(outer)

    assert await scratch.keys() == []


async def test_after_the_commit_is_after_the_commit(scratch: Scratch) -> None:
    events: list[str] = []

    async def work() -> None:
        after_commit(lambda: events.append("first"))
        after_commit(lambda: events.append("second"))
        await scratch.add(1)
        events.append("work")

    await scratch.database.transaction(work)

    assert events == ["work", "first", "second"]


async def test_after_a_rollback_nothing_is_called(scratch: Scratch) -> None:
    events: list[str] = []

    async def work() -> None:
        after_commit(lambda: events.append("told"))
        raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await scratch.database.transaction(work)

    assert events == []


async def test_after_the_commit_is_after_that_of_the_whole(scratch: Scratch) -> None:
    events: list[str] = []

    async def inner() -> None:
        after_commit(lambda: events.append("told"))

    async def outer() -> None:
        await scratch.database.transaction(inner)
        events.append("inner is done")

    await scratch.database.transaction(outer)

    assert events == ["inner is done", "told"]


def test_outside_of_a_transaction_it_is_called_at_once() -> None:
    events: list[str] = []

    after_commit(lambda: events.append("told"))

    assert events == ["told"]


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_the_victim_of_a_conflict_is_repeated_and_takes_effect_once(
    scratch: Scratch, conflict: type[asyncpg.PostgresError]
) -> None:
    events: list[str] = []
    attempts = iter(range(1, 10))

    async def work() -> int:
        await scratch.add(1)
        after_commit(lambda: events.append("told"))
        if (attempt := next(attempts)) < ATTEMPTS:
            raise conflict(VICTIM)
        return attempt

    assert await scratch.database.transaction(work) == ATTEMPTS
    assert (await scratch.keys(), events) == ([1], ["told"])


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_a_conflict_that_stays_is_unavailable_and_no_outage(
    scratch: Scratch, conflict: type[asyncpg.PostgresError]
) -> None:
    attempts: list[int] = []

    async def work() -> None:
        attempts.append(1)
        await scratch.add(1)
        raise conflict(VICTIM)

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(work)

    assert (len(attempts), await scratch.keys()) == (ATTEMPTS, [])
    assert scratch.breaker.snapshot() == CLOSED


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_a_statement_that_is_the_victim_of_a_conflict_is_repeated(
    scratch: Scratch, conflict: type[asyncpg.PostgresError]
) -> None:
    attempts = iter(range(1, 10))

    async def work() -> int:
        if (attempt := next(attempts)) < ATTEMPTS:
            raise conflict(VICTIM)
        await scratch.add(attempt)
        return attempt

    assert await scratch.database.statement(work) == ATTEMPTS
    assert await scratch.keys() == [ATTEMPTS]
    assert scratch.breaker.snapshot() == CLOSED


async def test_a_statement_within_a_transaction_is_a_part_of_it(scratch: Scratch) -> None:
    attempts: list[int] = []

    async def work() -> None:
        await scratch.database.statement(lambda: scratch.add(len(attempts)))
        attempts.append(1)
        if len(attempts) == 1:
            raise asyncpg.SerializationError(VICTIM)

    await scratch.database.transaction(work)

    assert await scratch.keys() == [1]


async def test_a_conflict_within_repeats_the_whole(scratch: Scratch) -> None:
    """Its first part was rolled back as well."""
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


async def test_the_whole_transaction_is_one_call_to_the_breaker(scratch: Scratch) -> None:
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


async def test_many_transactions_at_once_all_take_effect(scratch: Scratch) -> None:
    await asyncio.gather(*(scratch.database.transaction(lambda: scratch.add(7)) for _ in range(60)))

    assert await scratch.keys() == [7] * 60


async def test_a_ping_asks_past_an_open_breaker(scratch: Scratch) -> None:
    scratch.breaker.open()

    await scratch.database.ping()


async def test_piccolo_s_own_transaction_within_one_is_a_part_of_it_too(scratch: Scratch) -> None:
    async def work() -> None:
        async with scratch.engine.transaction():
            await scratch.add(1)
        await scratch.add(2)
        raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await scratch.database.transaction(work)

    assert await scratch.keys() == []
