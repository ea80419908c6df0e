"""Re-encryption with the newest key, on a table of the tests: no feature stores sealed values yet."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest
from piccolo.columns import BigSerial, Integer, Varchar
from piccolo.table import Table

from auth_api.kit.crypto.sealing import Sealing
from auth_api.kit.db.sealed_columns import SealedColumn, SealedValue, find_outdated, replace_sealed
from auth_api.operations.reencryption import service
from auth_api.operations.reencryption.service import Outcome, ReencryptionService
from auth_api.services import Services

OLD, NEW, LOST = (bytes([number]) * 32 for number in range(3))
SEALING = Sealing([NEW, OLD])


class SeedRow(Table, tablename="seeds_of_the_tests"):
    """Rows with two sealed columns; values are bound to the number, not to the id."""

    id = BigSerial(primary_key=True)
    number = Integer(default=None, unique=True)
    sealed = Varchar(length=500, default=None, null=True)
    candidate = Varchar(length=500, default=None, null=True)


SEALED = SealedColumn(name="seed", table=SeedRow, row_key=SeedRow.number, sealed=SeedRow.sealed)
CANDIDATE = SealedColumn(name="seed", table=SeedRow, row_key=SeedRow.number, sealed=SeedRow.candidate)


@pytest.fixture
async def reencryption(services: Services) -> AsyncIterator[ReencryptionService]:
    SeedRow._meta.db = services.core.database.engine  # noqa: SLF001 - where Piccolo itself stores it
    await SeedRow.create_table()
    yield ReencryptionService(database=services.core.database, sealing=SEALING, columns=(SEALED, CANDIDATE))
    await SeedRow.alter().drop_table()


def sealed_with(key: bytes, number: int, value: bytes = b"seed") -> str:
    return Sealing([key]).seal(value, table="seed", row=number)


async def add(number: int, sealed: str | None, candidate: str | None = None) -> None:
    await SeedRow.insert(SeedRow(number=number, sealed=sealed, candidate=candidate))


async def values() -> dict[int, str | None]:
    rows = await SeedRow.select(SeedRow.number, SeedRow.sealed).order_by(SeedRow.number)
    return {row["number"]: row["sealed"] for row in rows}


async def test_values_of_older_keys_are_sealed_with_the_newest_key(reencryption: ReencryptionService) -> None:
    for number in (4, 2, 9):
        await add(number, sealed_with(OLD, number), sealed_with(OLD, number, b"candidate"))

    report = await reencryption.reencrypt()

    assert report == {
        "seeds_of_the_tests.sealed": Counter({Outcome.REENCRYPTED: 3}),
        "seeds_of_the_tests.candidate": Counter({Outcome.REENCRYPTED: 3}),
    }
    newest_only = Sealing([NEW])
    for row in await SeedRow.select():
        assert newest_only.unseal(row["sealed"], table="seed", row=row["number"]) == b"seed"
        assert newest_only.unseal(row["candidate"], table="seed", row=row["number"]) == b"candidate"


async def test_values_of_the_newest_key_and_null_stay(reencryption: ReencryptionService) -> None:
    before = {1: sealed_with(NEW, 1), 2: None}
    for number, sealed in before.items():
        await add(number, sealed)

    report = await reencryption.reencrypt()

    assert sum(report.values(), Counter()).total() == 0
    assert await values() == before


async def test_unreadable_values_stay_and_do_not_stop_the_others(reencryption: ReencryptionService) -> None:
    """Of a lost key, moved from another row, and damaged."""
    unreadable = {1: sealed_with(LOST, 1), 2: sealed_with(OLD, 3), 3: "1.x.y"}
    for number, sealed in unreadable.items():
        await add(number, sealed)
    await add(4, sealed_with(OLD, 4))

    with patch.object(service, "MAX_BATCH", 2):
        report = await reencryption.reencrypt()

    assert report[SEALED.label] == Counter({Outcome.UNREADABLE: 3, Outcome.REENCRYPTED: 1})
    after = await values()
    assert {number: after[number] for number in unreadable} == unreadable


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
async def test_all_batches_are_processed(reencryption: ReencryptionService, count: int) -> None:
    for number in range(count):
        await add(number, sealed_with(OLD, number))

    with patch.object(service, "MAX_BATCH", 2):
        report = await reencryption.reencrypt()

    assert report[SEALED.label].total() == count
    assert all(str(sealed).startswith(SEALING.newest_prefix) for sealed in (await values()).values())


async def test_value_that_changed_meanwhile_is_not_replaced(reencryption: ReencryptionService) -> None:
    await add(1, sealed_with(OLD, 1))
    await add(2, sealed_with(OLD, 2))
    written = sealed_with(NEW, 1, b"of a server")

    async def find(*arguments: Any, **options: Any) -> list[SealedValue]:
        found = await find_outdated(*arguments, **options)
        changes: dict[Any, Any] = {SeedRow.sealed: written}
        await SeedRow.update(changes).where(SeedRow.number == 1)
        await SeedRow.delete().where(SeedRow.number == 2)
        return found

    with patch.object(service, "find_outdated", find):
        report = await reencryption.reencrypt()

    assert report[SEALED.label] == Counter({Outcome.CHANGED: 2})
    assert await values() == {1: written}


async def test_replacement_depends_on_row_and_value(reencryption: ReencryptionService) -> None:
    await add(1, "a")
    await add(2, "b")

    replaced = [await replace_sealed(SEALED, SealedValue(number, old), "c") for number, old in [(1, "b"), (2, "b")]]

    assert replaced == [False, True]
    assert await values() == {1: "a", 2: "c"}


async def test_no_change_of_a_server_is_lost(reencryption: ReencryptionService) -> None:
    numbers = range(20)
    for number in numbers:
        await add(number, sealed_with(OLD, number))

    async def write(number: int) -> None:
        changes: dict[Any, Any] = {SeedRow.sealed: SEALING.seal(b"new", table="seed", row=number)}
        await SeedRow.update(changes).where(SeedRow.number == number)

    with patch.object(service, "MAX_BATCH", 3):
        await asyncio.gather(reencryption.reencrypt(), *map(write, numbers), reencryption.reencrypt())

    assert {SEALING.unseal(str(sealed), table="seed", row=number) for number, sealed in (await values()).items()} == {
        b"new"
    }
