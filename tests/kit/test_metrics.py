"""How numbers are counted: collectors that skip what the library asks at every change."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from textwrap import dedent
from threading import Event, Thread

import pytest

from auth_api.kit.metrics import CONNECTION_WAIT, CONNECTIONS_IN_USE, LIMIT_REFUSALS
from auth_api.kit.prometheus import tell
from tests.support.exposition import Changes

POOL = "of this test"


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, "0.001"), (0.001, "0.001"), (0.0011, "0.0025"), (10, "10.0"), (10.5, "+Inf")]
)
def test_an_observation_counts_in_every_bucket_that_it_is_not_above(seconds: float, bucket: str) -> None:
    changes, bounds = Changes(), [str(bound) for bound in (0.001, 0.0025, 0.005, 10.0)] + ["+Inf"]

    CONNECTION_WAIT.labels(POOL).observe(seconds)

    counted = {bound: changes.of("database_connection_wait_seconds_bucket", pool=POOL, le=bound) for bound in bounds}
    assert counted == {bound: float(bound) >= float(bucket) for bound in bounds}
    assert changes.of("database_connection_wait_seconds_sum", pool=POOL) == pytest.approx(seconds)


def test_a_gauge_goes_up_and_down() -> None:
    changes, gauge = Changes(), CONNECTIONS_IN_USE.labels(POOL)

    gauge.inc(3)
    gauge.dec()

    assert changes.of("database_connections_in_use", pool=POOL) == 2


def test_what_a_process_has_not_told_yet_its_child_does_not_tell() -> None:
    code = """
        import os
        from auth_api.kit.prometheus import registry, tell
        from auth_api.kit.metrics import LIMIT_REFUSALS
        LIMIT_REFUSALS.labels("flood").inc()
        who = "parent" if os.fork() else "child"
        if who == "parent":
            os.wait()
        tell()
        print(who, registry.get_sample_value("auth_api_limit_refusals_total", {"limit": "flood"}))
    """

    output = subprocess.check_output([sys.executable, "-c", dedent(code)], text=True)

    assert output.splitlines() == ["child 0.0", "parent 1.0"]


def test_threads_lose_no_count() -> None:
    changes, refusals = Changes(), LIMIT_REFUSALS.labels("of threads")

    def count() -> None:
        for _ in range(2000):
            refusals.inc()
            tell()

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert changes.of("limit_refusals_total", limit="of threads") == 8000


def test_who_reads_waits_until_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape while another thread is in the middle of telling."""
    refusals, is_telling, go_on = LIMIT_REFUSALS.labels("of this test"), Event(), Event()

    def told_slowly(_: float) -> None:
        is_telling.set()
        assert go_on.wait(10)

    monkeypatch.setattr(refusals._value, "inc", told_slowly)  # noqa: SLF001 - where the library is told
    refusals.inc()
    first, second = Thread(target=tell), Thread(target=tell)
    first.start()
    assert is_telling.wait(10)
    second.start()
    second.join(timeout=0.05)
    is_waiting = second.is_alive()
    go_on.set()
    first.join()
    second.join()

    assert is_waiting


@pytest.mark.parametrize(
    "change", [LIMIT_REFUSALS.inc, CONNECTIONS_IN_USE.inc, CONNECTIONS_IN_USE.dec, partial(CONNECTION_WAIT.observe, 1)]
)
def test_what_lacks_its_labels_does_not_count_in_silence(change: Callable[[], None]) -> None:
    with pytest.raises(AttributeError):
        change()
