"""The generic cell rate algorithm: a sustained rate, and a burst on top of it."""

import pytest

from auth_api.kit.gcra import Gcra
from tests.support.clock import MovableMonotonicClock

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def monotonic() -> MovableMonotonicClock:
    return MovableMonotonicClock()


def allowed(limit: Gcra, key: str, events: int) -> int:
    return [limit.wait(key) for _ in range(events)].count(0.0)


def test_burst_passes_and_the_next_event_is_refused(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)

    assert [limit.wait("a") == 0 for _ in range(10)] == [True] * 8 + [False] * 2


def test_wait_of_a_refused_event_is_the_time_until_the_next_passes(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)
    allowed(limit, "a", 8)

    wait = limit.wait("a")
    monotonic.now += wait

    assert wait == 0.25
    assert allowed(limit, "a", 3) == 1


def test_refused_events_do_not_count(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)
    allowed(limit, "a", 1000)

    monotonic.now += 0.25

    assert allowed(limit, "a", 3) == 1


def test_sustained_rate_passes_after_the_burst(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)
    passed = 0

    for _ in range(400):
        monotonic.now += 0.125
        passed += allowed(limit, "a", 1)

    assert passed == 8 + 200 - 1


def test_burst_refills_up_to_its_size(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)
    allowed(limit, "a", 8)

    monotonic.now += 1
    assert allowed(limit, "a", 20) == 4

    monotonic.now += 1_000_000
    assert allowed(limit, "a", 20) == 8


def test_keys_are_counted_separately(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)
    allowed(limit, "a", 20)

    assert allowed(limit, "b", 20) == 8


def test_full_memory_drops_keys_whose_burst_has_refilled(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic, max_keys=100)
    allowed(limit, "busy", 8)
    for number in range(99):
        limit.wait(f"once{number}")

    monotonic.now += 1
    limit.wait("new")

    assert len(limit) == 2
    assert allowed(limit, "busy", 20) == 4


def test_full_memory_keeps_the_count_of_a_busy_key(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic, max_keys=100)
    allowed(limit, "busy", 8)

    for number in range(1000):
        limit.wait(f"once{number}")

    assert allowed(limit, "busy", 20) == 0


@pytest.mark.parametrize(("per_second", "burst"), [(0.5, 150), (1.5, 450), (50, 500), (20 / 3600, 20)])
def test_rounding_errors_change_neither_the_burst_nor_the_count(
    monotonic: MovableMonotonicClock, per_second: float, burst: int
) -> None:
    monotonic.now = 12_345_678.9
    limit = Gcra(per_second, burst, monotonic)

    used = []
    while limit.wait("a") == 0:
        used.append(limit.used("a")[0])

    assert used == list(range(1, burst + 1))


def test_used_events_are_paid_off_over_time(monotonic: MovableMonotonicClock) -> None:
    limit = Gcra(4, 8, monotonic)
    allowed(limit, "a", 20)

    assert limit.used("a") == (8, 2.0)
    monotonic.now += 1
    assert limit.used("a") == (4, 1.0)
    monotonic.now += 100
    assert limit.used("a") == (0, 0.0)
    assert limit.used("never seen") == (0, 0.0)
