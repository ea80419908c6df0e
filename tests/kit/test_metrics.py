"""How numbers are counted: collectors that skip what the library asks at every change."""

from collections.abc import Callable
from functools import partial

import pytest

from auth_api.kit.metrics import CONNECTION_WAIT, CONNECTIONS_IN_USE, LIMIT_REFUSALS
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


@pytest.mark.parametrize(
    "change", [LIMIT_REFUSALS.inc, CONNECTIONS_IN_USE.inc, CONNECTIONS_IN_USE.dec, partial(CONNECTION_WAIT.observe, 1)]
)
def test_what_lacks_its_labels_does_not_count_in_silence(change: Callable[[], None]) -> None:
    with pytest.raises(AttributeError):
        change()
