"""A rate that can go on for ever, and so many at once on top of it."""

import pytest

from auth_api.kit.http import gcra
from auth_api.kit.http.gcra import Gcra

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


def test_a_burst_of_the_allowed_size_passes_and_not_one_more(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)

    assert [limit.wait("a") == 0 for _ in range(10)] == [True] * 8 + [False] * 2


def test_a_refusal_tells_when_the_next_one_passes(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 8)

    wait = limit.wait("a")
    seconds.now += wait

    assert wait == 0.25
    assert allowed(limit, "a", 3) == 1


def test_refusals_cost_nothing(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 1000)

    seconds.now += 0.25

    assert allowed(limit, "a", 3) == 1


def test_the_rate_goes_on_for_ever(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    passed = 0

    for _ in range(400):
        seconds.now += 0.125
        passed += allowed(limit, "a", 1)

    assert passed == 8 + 200 - 1


def test_the_burst_comes_back_with_time_and_does_not_pile_up(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 8)

    seconds.now += 1
    assert allowed(limit, "a", 20) == 4

    seconds.now += 1_000_000
    assert allowed(limit, "a", 20) == 8


def test_callers_are_counted_apart(seconds: Seconds) -> None:
    limit = Gcra(4, 8, seconds)
    allowed(limit, "a", 20)

    assert allowed(limit, "b", 20) == 8


def test_of_many_callers_those_that_owe_nothing_are_forgotten(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcra, "MAX_KEYS", 100)
    limit = Gcra(4, 8, seconds)
    allowed(limit, "busy", 8)
    for number in range(99):
        limit.wait(f"once{number}")

    seconds.now += 1
    limit.wait("new")

    assert len(limit._empty_at) == 2  # noqa: SLF001 - the memory is what is at stake
    assert allowed(limit, "busy", 20) == 4


def test_a_flood_of_callers_resets_nobody(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcra, "MAX_KEYS", 100)
    limit = Gcra(4, 8, seconds)
    allowed(limit, "busy", 8)

    for number in range(1000):
        limit.wait(f"once{number}")

    assert allowed(limit, "busy", 20) == 0
