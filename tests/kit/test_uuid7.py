"""Version 7 UUIDs contain the time in milliseconds and 74 random bits."""

import random
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122

import pytest

from auth_api.kit.uuid7 import EPOCH, uuid7

pytestmark = pytest.mark.engine_independent

NOON = datetime(2026, 2, 19, 10, 30, 45, 123_999, tzinfo=UTC)


def test_uuid7_matches_the_example_of_rfc_9562() -> None:
    """The example of appendix A.6."""
    made = uuid7(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC))

    assert (made.version, made.variant) == (7, RFC_4122)
    assert str(made).startswith("017f22e2-79b0-7")


def test_uuid7_begins_with_the_milliseconds_since_1970() -> None:
    chance = random.Random(20260219)  # noqa: S311 - the same values in every run
    moments = [EPOCH + timedelta(microseconds=chance.randrange(4 * 10**15)) for _ in range(2000)]

    timestamps = [uuid7(at).int >> 80 for at in moments]

    assert timestamps == [(at - EPOCH) // timedelta(milliseconds=1) for at in moments]


def test_uuid7_does_not_round_whole_milliseconds_down() -> None:
    """Arithmetic with floats would round down one of 150."""
    moments = [EPOCH + timedelta(milliseconds=1_771_497_045_000 + number) for number in range(5000)]

    assert [uuid7(at).int >> 80 for at in moments] == [1_771_497_045_000 + number for number in range(5000)]


def test_uuid7_values_sort_by_time() -> None:
    ids = [uuid7(NOON + timedelta(milliseconds=number)) for number in range(1000)]

    assert ids == sorted(ids)
    assert [str(made) for made in ids] == sorted(str(made) for made in ids)


def test_uuid7_values_of_one_moment_differ_in_74_random_bits() -> None:
    ids = [uuid7(NOON).int for _ in range(500)]
    ones, zeros = 0, 0
    for number in ids:
        ones |= number
        zeros |= ~number

    assert len(set(ids)) == 500
    assert (ones & zeros & (1 << 128) - 1).bit_count() == 74


def test_uuid7_does_not_depend_on_the_time_zone() -> None:
    assert uuid7(NOON).int >> 80 == uuid7(NOON.astimezone(timezone(timedelta(hours=9)))).int >> 80
