"""Values that may be used only once."""

import asyncio
from datetime import datetime, timedelta

import pytest

from auth_api.kit.clock import utc_now
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.services import Services
from auth_api.used_values.service import UsedValues
from auth_api.used_values.tables import UsedValueRow

VALUES = UsedValues()


class UndoError(Exception):
    """Rolls a transaction back."""


def soon() -> datetime:
    return utc_now() + timedelta(minutes=5)


async def test_value_can_be_claimed_once(services: Services) -> None:
    assert [await VALUES.claim("challenge", "x", soon()) for _ in range(3)] == [True, False, False]


async def test_equal_values_of_two_kinds_are_different(services: Services) -> None:
    claims = [("challenge", "x"), ("assertion", "x"), ("challenge", "y")]

    assert [await VALUES.claim(kind, value, soon()) for kind, value in claims] == [True] * 3
    assert await VALUES.claim("assertion", "x", soon()) is False


async def test_value_is_stored_as_a_digest(services: Services) -> None:
    await VALUES.claim("challenge", "a-value-of-the-client", soon())

    assert "a-value-of-the-client" not in str(await UsedValueRow.select())
    assert await UsedValueRow.select(UsedValueRow.kind).output(as_list=True) == ["challenge"]


async def test_expired_value_stays_claimed_until_it_is_removed(services: Services) -> None:
    an_hour_ago = utc_now() - timedelta(hours=1)
    await VALUES.claim("challenge", "x", an_hour_ago)

    await services.of(HousekeepingService).clean_up()

    assert await VALUES.claim("challenge", "x", soon()) is False


async def test_only_one_of_many_concurrent_transactions_claims_a_value(services: Services) -> None:
    async def claim() -> bool:
        return await services.core.database.transaction(lambda: VALUES.claim("challenge", "x", soon()))

    assert sorted(await asyncio.gather(*(claim() for _ in range(20)))) == [False] * 19 + [True]


@pytest.mark.parametrize("is_undone", [True, False], ids=["rolled back", "committed"])
async def test_claim_waits_for_the_transaction_that_has_claimed_the_value(services: Services, is_undone: bool) -> None:
    has_claimed, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        assert await VALUES.claim("challenge", "x", soon())
        has_claimed.set()
        await may_end.wait()
        if is_undone:
            raise UndoError

    earlier = asyncio.create_task(services.core.database.transaction(first))
    await has_claimed.wait()
    later = asyncio.create_task(services.core.database.transaction(lambda: VALUES.claim("challenge", "x", soon())))
    may_end.set()
    outcomes = await asyncio.gather(earlier, later, return_exceptions=True)

    assert isinstance(outcomes[0], UndoError) is is_undone
    assert outcomes[1] is is_undone
