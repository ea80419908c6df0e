"""Create Prometheus metrics and render them as text.

Metrics belong to the process: all applications in it update the same ones. Label values come from fixed sets (a route
template instead of a path, an outcome instead of a name), so no user input or personal data becomes a series and the
number of series is bounded. Series that are known in advance exist from the start with the value 0, because Prometheus
does not see an increase of a series that did not exist before.

With several worker processes, each of them writes its values to files in the folder PROMETHEUS_MULTIPROC_DIR, and a
scrape adds them up. The library reads that variable when it is imported; `auth_api.server.metrics_server` sets it
before the workers start.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

NAMESPACE: Final = "auth_api"
CONTENT_TYPE: Final = "text/plain; version=0.0.4"
"""Media type of the text format; the charset is UTF-8."""

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds: a token check takes 1 to 2 ms, a login some 30 ms; requests are aborted after 10 s."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # would double the number of series

registry: Final = CollectorRegistry()


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
    """Create a counter, which is exported as `auth_api_NAME_total`."""
    return Counter(name, documentation, labels, namespace=NAMESPACE, registry=registry)


def counters(name: str, documentation: str, label: str, values: Sequence[str]) -> Mapping[str, Counter]:
    """Create a counter with one label, and return its series by label value. All of them exist from the start."""
    parent = counter(name, documentation, [label])
    return {value: parent.labels(value) for value in values}


def counters_by_outcome(
    name: str, documentation: str, methods: Iterable[str], outcomes: Iterable[str]
) -> Mapping[tuple[str, str], Counter]:
    """Create a counter of attempts, and return its series by method and outcome. All of them exist from the start."""
    parent = counter(name, documentation, ["method", "outcome"])
    return {(method, outcome): parent.labels(method, outcome) for method, outcome in product(methods, outcomes)}


def gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
    """Create a gauge that is the sum over all live worker processes."""
    return Gauge(name, documentation, labels, namespace=NAMESPACE, registry=registry, multiprocess_mode="livesum")


def latest_gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
    """Create a gauge of something that all processes share: the most recent value of any process counts."""
    return Gauge(
        name, documentation, labels, namespace=NAMESPACE, registry=registry, multiprocess_mode="livemostrecent"
    )


def histogram(
    name: str, documentation: str, labels: Sequence[str] = (), buckets: Sequence[float] = _BUCKETS_SECONDS
) -> Histogram:
    """Create a histogram of seconds; the name should end with `_seconds`."""
    return Histogram(name, documentation, labels, namespace=NAMESPACE, registry=registry, buckets=buckets)


def scraped_registry() -> CollectorRegistry:
    """Return the registry of this process, or one that reads the files of all workers at each scrape."""
    if FOLDER_VARIABLE not in os.environ:
        return registry
    all_workers = CollectorRegistry()
    MultiProcessCollector(all_workers, os.environ[FOLDER_VARIABLE])  # type: ignore[no-untyped-call]
    return all_workers


def render_metrics() -> bytes:
    """Return the values of this process, or of all workers together, in Prometheus' text format.

    Blocks: with several workers it reads files.
    """
    return generate_latest(scraped_registry())


def remove_process(pid: int) -> None:
    """Remove the gauges of a worker that has ended. Its counters stay, because a total never decreases."""
    if FOLDER_VARIABLE in os.environ:
        mark_process_dead(pid, os.environ[FOLDER_VARIABLE])  # type: ignore[no-untyped-call]
