"""The generic cell rate algorithm: a sustained rate, and a burst on top of it."""

import pytest

from auth_api.kit import gcra
from auth_api.kit.gcra import Gcra

pytestmark = pytest.mark.engine_independent


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def allowed(limit: Gcra, key: str, events: int) -> int:
    return [limit.wait(key) for _ in range(events)].count(0.0)


def test_burst_passes_and_the_next_event_is_refused(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)

    assert [limit.wait("a") == 0 for _ in range(10)] == [True] * 8 + [False] * 2


def test_wait_of_a_refused_event_is_the_time_until_the_next_passes(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 8)

    wait = limit.wait("a")
    seconds.now += wait

    assert wait == 0.25
    assert allowed(limit, "a", 3) == 1


def test_refused_events_do_not_count(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 1000)

    seconds.now += 0.25

    assert allowed(limit, "a", 3) == 1


def test_sustained_rate_passes_after_the_burst(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    passed = 0

    for _ in range(400):
        seconds.now += 0.125
        passed += allowed(limit, "a", 1)

    assert passed == 8 + 200 - 1


def test_burst_refills_up_to_its_size(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 8)

    seconds.now += 1
    assert allowed(limit, "a", 20) == 4

    seconds.now += 1_000_000
    assert allowed(limit, "a", 20) == 8


def test_keys_are_counted_separately(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 20)

    assert allowed(limit, "b", 20) == 8


def test_full_memory_drops_keys_whose_burst_has_refilled(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcra, "MAX_KEYS", 100)
    limit = Gcra(4, 8, seconds)
    allowed(limit, "busy", 8)
    for number in range(99):
        limit.wait(f"once{number}")

    seconds.now += 1
    limit.wait("new")

    assert len(limit._full_at) == 2  # noqa: SLF001 - memory use is what the test is about
    assert allowed(limit, "busy", 20) == 4


def test_full_memory_keeps_the_count_of_a_busy_key(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcra, "MAX_KEYS", 100)
    limit = Gcra(4, 8, seconds)
    allowed(limit, "busy", 8)

    for number in range(1000):
        limit.wait(f"once{number}")

    assert allowed(limit, "busy", 20) == 0


@pytest.mark.parametrize(("per_second", "burst"), [(0.5, 150), (1.5, 450), (50, 500), (20 / 3600, 20)])
def test_rounding_errors_change_neither_the_burst_nor_the_count(
    seconds: Seconds, per_second: float, burst: int
) -> None:
    seconds.now = 12_345_678.9
    limit = Gcra(per_second, burst, seconds)

    used = []
    while limit.wait("a") == 0:
        used.append(limit.used("a")[0])

    assert used == list(range(1, burst + 1))


def test_used_events_are_paid_off_over_time(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 20)

    assert limit.used("a") == (8, 2.0)
    seconds.now += 1
    assert limit.used("a") == (4, 1.0)
    seconds.now += 100
    assert limit.used("a") == (0, 0.0)
    assert limit.used("never seen") == (0, 0.0)
