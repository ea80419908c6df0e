"""Times are UTC, and the API writes them with milliseconds."""

import time as system_time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from auth_api.kit.clock import monotonic, rfc3339, utc_now
from auth_api.kit.db.expressions import as_datetime

pytestmark = pytest.mark.engine_independent

NOON = datetime(2026, 2, 19, 10, 30, 45, 123_999, tzinfo=UTC)


class SubclassedDatetime(datetime):
    """A subclass such as that of loguru, which msgspec does not encode."""


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (NOON, "2026-02-19T10:30:45.123Z"),
        (NOON.replace(microsecond=0), "2026-02-19T10:30:45.000Z"),
        (NOON.replace(microsecond=999_999), "2026-02-19T10:30:45.999Z"),
        (NOON.astimezone(timezone(timedelta(hours=9))), "2026-02-19T10:30:45.123Z"),
        (NOON.astimezone(timezone(-timedelta(hours=3, minutes=30))), "2026-02-19T10:30:45.123Z"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2025-12-31T23:30:00.000Z"),
        (SubclassedDatetime(2026, 2, 19, 10, 30, 45, 123_999, tzinfo=UTC), "2026-02-19T10:30:45.123Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (NOON.replace(microsecond=9), "2026-02-19T10:30:45.000Z"),
    ],
)
def test_rfc3339_is_utc_with_milliseconds(at: datetime, written: str) -> None:
    assert rfc3339(at) == written


def test_utc_now_is_the_current_time_in_utc() -> None:
    before = system_time.time()

    now = utc_now()

    assert now.utcoffset() == timedelta()
    assert before - 0.001 <= now.timestamp() <= system_time.time() + 0.001


def test_monotonic_never_decreases() -> None:
    readings = [monotonic() for _ in range(1000)]

    assert readings == sorted(readings)


@pytest.mark.parametrize("value", [NOON, "2026-02-19 10:30:45.123999+00:00"])
def test_as_datetime_accepts_the_values_of_both_engines(value: datetime | str) -> None:
    assert as_datetime(value) == NOON
