"""FT13: a rolling restart of two instances behind a load balancer, under load."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import ExitStack
from itertools import count
from typing import Any, Final

import httpx
import pytest

from tests.faults.conftest import now
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.measurements import record
from tests.support.processes import RunningServer
from tests.support.waiting import until, wait_until

pytestmark = pytest.mark.slow

REQUESTS_PER_SECOND: Final = 50
PROBE_SECONDS: Final = 0.25
SHUTDOWN_DELAY_SECONDS: Final = "2"
MAX_STOP_SECONDS: Final = 30.0


class Balancer:
    """Send each request once, to the next instance whose last probe returned 200."""

    def __init__(self, servers: list[RunningServer]) -> None:
        self._clients = [httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=20) for server in servers]
        self.ready: list[httpx.AsyncClient] = []
        self._turns = count()

    async def probe(self) -> None:
        """Probe all instances repeatedly."""
        while True:
            self.ready = [client for client in self._clients if await self._is_ready(client)]
            await asyncio.sleep(PROBE_SECONDS)

    async def send(self, path: str, token: str) -> int:
        """Return the status of the response, or 0 for none."""
        client = self.ready[next(self._turns) % len(self.ready)]
        try:
            return (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status_code
        except httpx.TransportError:
            return 0

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    @staticmethod
    async def _is_ready(client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get("/health/ready")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def replace(server: RunningServer) -> tuple[int, float]:
    """Stop a server with SIGTERM and start the next one. Return the exit status and the seconds of the start."""
    os.kill(server.pid, signal.SIGTERM)
    wait_until(lambda: not server.running, within=MAX_STOP_SECONDS)
    status = server.stop()
    begin = now()
    server.start()
    return status, now() - begin


@pytest.mark.torture
async def test_ft13_rolling_restart_fails_no_request(deployment: Deployment, engine: str, workers: int) -> None:
    with ExitStack() as stack:
        variables: dict[str, Any] = {"SHUTDOWN_DELAY": SHUTDOWN_DELAY_SECONDS, "PUBLIC_URL": "http://auth.example.com"}
        servers = [stack.enter_context(deployment.server(workers=workers, **variables)) for _ in range(2)]
        async with httpx.AsyncClient(base_url=servers[0].url, trust_env=False) as http:
            ada = Actor(http)
            await ada.register()
        balancer = Balancer(servers)
        probing = asyncio.create_task(balancer.probe())
        await until(lambda: len(balancer.ready) == len(servers))
        requests: list[asyncio.Task[int]] = []
        over = asyncio.Event()

        async def load() -> None:
            while not over.is_set():
                requests.append(asyncio.create_task(balancer.send("/api/user/profile", ada.access_token)))
                await asyncio.sleep(1 / REQUESTS_PER_SECOND)

        loading = asyncio.create_task(load())
        ends = []
        for server in servers:
            ends.append(await asyncio.to_thread(replace, server))
            await until(lambda: len(balancer.ready) == len(servers))
        over.set()
        await loading
        seen = Counter(await asyncio.gather(*requests))
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
        await balancer.close()

    restarts = [seconds for _, seconds in ends]
    record(
        "FT13",
        engine=engine,
        workers=workers,
        seen={str(status): times for status, times in seen.items()},
        lost=0,
        recovery=round(max(restarts), 2),
    )
    assert set(seen) == {200}
    assert [status for status, _ in ends] == [0, 0]
