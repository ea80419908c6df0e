"""Metrics are counted in the series and buckets that their documentation promises."""

from collections.abc import Callable
from functools import partial
from threading import Thread

import pytest

from auth_api.kit.metrics import CONNECTION_WAIT, CONNECTIONS_IN_USE, LIMIT_REFUSALS
from tests.support.exposition import Changes

pytestmark = pytest.mark.engine_independent

POOL = "of this test"


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, "0.001"), (0.001, "0.001"), (0.0011, "0.0025"), (10, "10.0"), (10.5, "+Inf")]
)
def test_histogram_counts_an_observation_in_every_bucket_whose_bound_is_not_exceeded(
    seconds: float, bucket: str
) -> None:
    changes, bounds = Changes(), [str(bound) for bound in (0.001, 0.0025, 0.005, 10.0)] + ["+Inf"]

    CONNECTION_WAIT.labels(POOL).observe(seconds)

    counted = {bound: changes.of("database_connection_wait_seconds_bucket", pool=POOL, le=bound) for bound in bounds}
    assert counted == {bound: float(bound) >= float(bucket) for bound in bounds}
    assert changes.of("database_connection_wait_seconds_sum", pool=POOL) == pytest.approx(seconds)


def test_gauge_increases_and_decreases() -> None:
    changes, gauge = Changes(), CONNECTIONS_IN_USE.labels(POOL)

    gauge.inc(3)
    gauge.dec()

    assert changes.of("database_connections_in_use", pool=POOL) == 2


def test_counter_loses_no_increment_of_concurrent_threads() -> None:
    changes, refusals = Changes(), LIMIT_REFUSALS.labels("of threads")

    def count() -> None:
        for _ in range(2000):
            refusals.inc()

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert changes.of("limit_refusals_total", limit="of threads") == 8000


@pytest.mark.parametrize(
    "change", [LIMIT_REFUSALS.inc, CONNECTIONS_IN_USE.inc, CONNECTIONS_IN_USE.dec, partial(CONNECTION_WAIT.observe, 1)]
)
def test_metric_without_its_labels_raises(change: Callable[[], None]) -> None:
    with pytest.raises(ValueError, match="missing label values"):
        change()
