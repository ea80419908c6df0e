"""A running deployment whose database, network and processes the tests break.

Each test belongs to a row of the fault matrix in docs/reliability.md and has its number. Long tests are marked
`torture`: `make torture` runs all tests and records what they measure.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.deployment import Deployment
from tests.support.measurements import record
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS
from tests.support.passkeys import ORIGIN, RP_ID
from tests.support.postgres import PostgresServer
from tests.support.processes import RunningServer
from tests.support.server_output import worker_pids
from tests.support.simulated_users import Observations, Simulation
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

MAX_RECOVERY_SECONDS: Final = 5.0
"""Time from the end of a fault until all requests succeed again."""

OAUTH: Final[dict[str, Any]] = {"OAUTH_ENABLED": "true", "OAUTH_SIGNING_KEYS": OAUTH_SIGNING_KEYS}

SERVER_VARIABLES: Final[dict[str, Any]] = {
    **OAUTH,
    "DATABASE_MAX_POOL_SIZE": "5",
    "DATABASE_CONNECT_TIMEOUT": "1",
    "DATABASE_STATEMENT_TIMEOUT": "1",
    "REFRESH_GRACE_SECONDS": "300",
    "PASSKEY_RP_ID": RP_ID,
    "PASSKEY_ORIGINS": ORIGIN,
}
"""Short time limits, so that the tests are fast."""

INCONSISTENCIES: Final = {
    "two users with one username": "SELECT lower(username) FROM users GROUP BY lower(username) HAVING count(*) > 1",
    "a session with two live refresh tokens": (
        "SELECT t.session_id FROM refresh_tokens t WHERE t.used_at IS NULL AND NOT t.is_revoked "
        "GROUP BY t.session_id HAVING count(*) > 1"
    ),
    "a user without the audit row of the registration": (
        "SELECT u.id FROM users u WHERE (SELECT count(*) FROM audit_logs a "
        "WHERE a.user_id = u.id AND a.action = 'account:registered') <> 1"
    ),
    "a session without tokens": (
        "SELECT s.id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = s.id) "
        "AND NOT EXISTS (SELECT 1 FROM browser_sessions b WHERE b.session_id = s.id)"
    ),
    "a different number of sessions and audit rows": (
        "SELECT u.id FROM users u WHERE (SELECT count(*) FROM sessions s WHERE s.user_id = u.id) <> "
        "(SELECT count(*) FROM audit_logs a WHERE a.user_id = u.id "
        "AND a.action IN ('account:registered', 'login:succeeded', 'password:changed'))"
    ),
}
"""Queries that must return no rows after a fault."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run with two worker processes, and with `--torture` also with four."""
    if "workers" in metafunc.fixturenames:
        counts = [2, 4] if metafunc.config.getoption("--torture") else [2]
        metafunc.parametrize("workers", counts, scope="session", ids=[f"{count} workers" for count in counts])


@dataclass(frozen=True)
class Testbed:
    """A server, its database, and the network between them."""

    __test__ = False  # not a test class

    engine: str
    workers: int
    server: RunningServer
    deployment: Deployment
    postgres: PostgresServer | None
    proxy: TcpProxy | None

    @property
    def database(self) -> PostgresServer:
        assert self.postgres is not None
        return self.postgres

    @property
    def network(self) -> TcpProxy:
        assert self.proxy is not None
        return self.proxy

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client with a new connection for every request, so that all workers get requests."""
        limits = httpx.Limits(max_connections=300, max_keepalive_connections=0)
        async with httpx.AsyncClient(base_url=self.server.url, limits=limits, timeout=20, trust_env=False) as opened:
            yield opened

    def live_workers(self) -> list[int]:
        """Return the process ids of the workers, oldest first."""
        # The parent of a worker is the process that it was forked from; its parent is the server.
        return [pid for pid in worker_pids(self.server.output()) if _parent_of(_parent_of(pid)) == self.server.pid]

    def is_ready(self) -> bool:
        """Return whether all workers run and are ready; the probe is called often enough to reach each of them."""
        if len(self.live_workers()) < self.workers:
            return False
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=20) as client:
            headers = {"Connection": "close"}
            return all(client.get("/health/ready", headers=headers).status_code == 200 for _ in range(2 * self.workers))

    async def check(
        self, row: str, simulation: Simulation, *, recovery: float | None = None, **more: Any
    ) -> Observations:
        """Assert that acknowledged changes were kept and rows are consistent, and record the measurements."""
        observations = await simulation.verified()
        found = {name: await self.deployment.rows(query) for name, query in INCONSISTENCIES.items()}
        assert observations.violations == []
        assert {name: rows for name, rows in found.items() if rows} == {}
        assert [line for line in self.server.output().splitlines() if "Traceback" in line] == []
        if recovery is not None:
            assert recovery <= MAX_RECOVERY_SECONDS
        self.record(row, observations, recovery=recovery, **more)
        return observations

    def record(
        self, row: str, observations: Observations | None = None, *, recovery: float | None = None, **more: Any
    ) -> None:
        """Record the measurements of a row of the matrix."""
        seen = dict(observations.seen) if observations else {}
        record(
            row,
            engine=self.engine,
            workers=self.workers,
            seen=seen,
            acknowledged=observations.acknowledged if observations else None,
            recovery=None if recovery is None else round(recovery, 2),
            lost=0,
            **more,
        )


def _parent_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])


@pytest.fixture
def deployment(deployment: Deployment) -> Deployment:
    """A deployment with the default time limits."""
    return replace(deployment, time_limits={})


@pytest.fixture(scope="session")
def testbed(engine: str, workers: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    """A testbed for all tests; each test ends its fault."""
    folder = tmp_path_factory.mktemp("testbed")
    with ExitStack() as stack:
        postgres = proxy = None
        url = f"sqlite:///{folder / 'auth.db'}"
        if engine == "postgres":
            postgres = stack.enter_context(PostgresServer())
            Deployment(folder, postgres.url()).command("migrate").check_returncode()
            proxy = stack.enter_context(TcpProxy(postgres.port))
            url = postgres.url().replace(str(postgres.port), str(proxy.port))
        deployment = Deployment(folder, url)
        server = stack.enter_context(deployment.server(workers=workers, **SERVER_VARIABLES))
        running = Testbed(engine, workers, server, deployment, postgres, proxy)
        wait_until(running.is_ready)
        yield running


@pytest.fixture
async def simulation(testbed: Testbed) -> AsyncIterator[Simulation]:
    """Simulated users who are not registered yet."""
    async with testbed.client() as client:
        yield Simulation(client, users=12, prefix=f"x{uuid.uuid4().hex[:8]}n")


async def wait_for_traffic(simulation: Simulation, *, acknowledgements: int = 60) -> None:
    """Wait until the server has acknowledged this number of requests."""
    async with asyncio.timeout(20):
        while simulation.observations.acknowledged < acknowledgements:  # noqa: ASYNC110 - other tasks send the requests
            await asyncio.sleep(0.01)


def now() -> float:
    return time.monotonic()
