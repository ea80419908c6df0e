"""Times as the API writes them, and ids that sort by them."""

import random
import time as system_time
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122

import pytest

from auth_api.kit.clock import monotonic, rfc3339, utc_now
from auth_api.kit.db.expressions import as_datetime
from auth_api.kit.uuid7 import uuid7

pytestmark = pytest.mark.engine_independent

NOON = datetime(2026, 2, 19, 10, 30, 45, 123_999, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(datetime):
    """As loguru has one: what writes a datetime fast does not take it."""


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (NOON, "2026-02-19T10:30:45.123Z"),
        (NOON.replace(microsecond=0), "2026-02-19T10:30:45.000Z"),
        (NOON.replace(microsecond=999_999), "2026-02-19T10:30:45.999Z"),
        (NOON.astimezone(timezone(timedelta(hours=9))), "2026-02-19T10:30:45.123Z"),
        (NOON.astimezone(timezone(-timedelta(hours=3, minutes=30))), "2026-02-19T10:30:45.123Z"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2025-12-31T23:30:00.000Z"),
        (Moment(2026, 2, 19, 10, 30, 45, 123_999, tzinfo=UTC), "2026-02-19T10:30:45.123Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (NOON.replace(microsecond=9), "2026-02-19T10:30:45.000Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_milliseconds(at: datetime, written: str) -> None:
    assert rfc3339(at) == written


def test_the_present_is_aware_and_near() -> None:
    now = utc_now()

    assert now.utcoffset() == timedelta()
    assert abs(now.timestamp() - system_time.time()) < 5


def test_durations_never_run_backwards() -> None:
    readings = [monotonic() for _ in range(1000)]

    assert readings == sorted(readings)


@pytest.mark.parametrize("value", [NOON, "2026-02-19 10:30:45.123999+00:00"])
def test_both_engines_forms_of_a_moment_are_read(value: datetime | str) -> None:
    assert as_datetime(value) == NOON


def test_a_session_s_id_is_a_uuid_of_version_7() -> None:
    """The moment is that of the example in RFC 9562, appendix A.6."""
    made = uuid7(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC))

    assert (made.version, made.variant) == (7, RFC_4122)
    assert str(made).startswith("017f22e2-79b0-7")


def test_its_first_48_bits_are_the_milliseconds_since_1970() -> None:
    chance = random.Random(20260219)  # noqa: S311 - the same moments every time
    moments = [EPOCH + timedelta(microseconds=chance.randrange(4 * 10**15)) for _ in range(2000)]

    told = [uuid7(at).int >> 80 for at in moments]

    assert told == [(at - EPOCH) // timedelta(milliseconds=1) for at in moments]


def test_a_whole_millisecond_is_not_rounded_down() -> None:
    """Through a float, every hundred-and-fiftieth would be."""
    moments = [EPOCH + timedelta(milliseconds=1_771_497_045_000 + number) for number in range(5000)]

    assert [uuid7(at).int >> 80 for at in moments] == [1_771_497_045_000 + number for number in range(5000)]


def test_ids_sort_by_their_time() -> None:
    ids = [uuid7(NOON + timedelta(milliseconds=number)) for number in range(1000)]

    assert ids == sorted(ids)
    assert [str(made) for made in ids] == sorted(str(made) for made in ids)


def test_ids_of_one_moment_differ_in_74_random_bits() -> None:
    ids = [uuid7(NOON).int for _ in range(500)]
    ones, zeros = 0, 0
    for number in ids:
        ones |= number
        zeros |= ~number

    assert len(set(ids)) == 500
    assert (ones & zeros & (1 << 128) - 1).bit_count() == 74


def test_the_moment_s_time_zone_does_not_matter() -> None:
    assert uuid7(NOON).int >> 80 == uuid7(NOON.astimezone(timezone(timedelta(hours=9)))).int >> 80
