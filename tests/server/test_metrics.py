"""Every worker returns the metrics of all workers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import Served, ServedFactory
from tests.support.deployment import Deployment
from tests.support.exposition import Scrape, parse
from tests.support.processes import RunningServer, free_port
from tests.support.server_output import count_events, worker_pids
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.slow

ROUTE = "/.well-known/jwks.json"
REQUESTS = 20


def count(scraped: Scrape) -> float:
    return scraped.value("http_requests_total", method="GET", route=ROUTE, status="200")


def pool_size(scraped: Scrape, engine: str) -> float:
    return scraped.value("database_connections_max", pool="connections" if engine == "postgres" else "writer")


@pytest.fixture
async def served(served_by: ServedFactory) -> Served:
    return await served_by(2)


def test_both_workers_return_the_sum_of_both(served: Served) -> None:
    wait_until(lambda: len(worker_pids(served.server.output())) == 2)
    pids = worker_pids(served.server.output())
    with httpx.Client(base_url=served.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        before = count(parse(client.get("/metrics").text))
    totals = []

    for frozen in pids:  # first one worker handles all requests, then the other
        os.kill(frozen, signal.SIGSTOP)
        try:
            with httpx.Client(base_url=served.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
                for _ in range(REQUESTS):
                    client.get(ROUTE)
                totals += [count(parse(client.get("/metrics").text)) - before for _ in range(3)]
        finally:
            os.kill(frozen, signal.SIGCONT)

    assert totals == [REQUESTS] * 3 + [2 * REQUESTS] * 3


@pytest.fixture
def metrics_port() -> int:
    return free_port()


@pytest.fixture
def server(deployment: Deployment, metrics_port: int) -> Iterator[RunningServer]:
    with deployment.server(workers=2, METRICS_PORT=str(metrics_port)) as running:
        wait_until(lambda: count_events(running.output(), "server:started") == 2)
        yield running


def test_metrics_port_keeps_the_counters_of_a_killed_worker(
    server: RunningServer, metrics_port: int, engine: str
) -> None:
    """The counters of the killed worker stay, its gauges are removed."""
    metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"
    with httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        responses = [client.get(ROUTE, headers={"Connection": "close"}).status_code for _ in range(REQUESTS)]
        on_the_main_port = client.get("/metrics").status_code
        before = parse(client.get(metrics_url).text)
        size = pool_size(before, engine)

        os.kill(worker_pids(server.output())[0], signal.SIGKILL)
        wait_until(lambda: count_events(server.output(), "server:started") == 3)
        wait_until(lambda: pool_size(parse(client.get(metrics_url).text), engine) == size)
        after = parse(client.get(metrics_url).text)

    assert responses == [200] * REQUESTS
    assert on_the_main_port == 404
    assert (count(before), count(after)) == (REQUESTS, REQUESTS)
    folder = folder_of(server)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert server.stop() == 0
    assert not folder.exists()


def folder_of(server: RunningServer) -> Path:
    """Return the folder of the metrics files, from the environment of a worker."""
    pid = worker_pids(server.output())[-1]
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    (name,) = [variable for variable in variables if variable.startswith(b"PROMETHEUS_MULTIPROC_DIR=")]
    return Path(name.decode().partition("=")[2])
