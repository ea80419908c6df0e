"""A running deployment whose database, network and processes the tests break.

Each test is one row of the fault matrix in docs/reliability.md and carries its number. Rows that take long are marked
`torture`: `make torture` runs all of them and writes down what they measure.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.deployment import Deployment
from tests.support.ledger import Crowd, Ledger
from tests.support.measurements import record
from tests.support.postgres import PostgresServer
from tests.support.processes import RunningServer
from tests.support.server_output import worker_pids
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

BACK_WITHIN: Final = 5.0
"""Seconds within which all works again once the fault is over."""

VARIABLES: Final[dict[str, Any]] = {
    "DATABASE_MAX_POOL_SIZE": "5",
    "DATABASE_CONNECT_TIMEOUT": "1",
    "DATABASE_STATEMENT_TIMEOUT": "1",
    "REFRESH_GRACE_SECONDS": "60",
}
"""Short limits, so that the tests need not wait for long ones."""

DOUBLED: Final = {
    "two accounts of one name": "SELECT lower(username) FROM users GROUP BY lower(username) HAVING count(*) > 1",
    "a session with two live refresh tokens": (
        "SELECT t.session_id FROM refresh_tokens t WHERE t.used_at IS NULL AND NOT t.is_revoked "
        "GROUP BY t.session_id HAVING count(*) > 1"
    ),
    "an account without its entry in the history": (
        "SELECT u.id FROM users u WHERE (SELECT count(*) FROM audit_logs a "
        "WHERE a.user_id = u.id AND a.action = 'account:registered') <> 1"
    ),
    "a session without tokens": (
        "SELECT s.id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = s.id)"
    ),
    "more or fewer sessions than entries in the history": (
        "SELECT u.id FROM users u WHERE (SELECT count(*) FROM sessions s WHERE s.user_id = u.id) <> "
        "(SELECT count(*) FROM audit_logs a WHERE a.user_id = u.id "
        "AND a.action IN ('account:registered', 'login:succeeded', 'password:changed'))"
    ),
}
"""What no fault may leave behind: each of these queries finds nothing."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Two worker processes in every run of the suite, four as well when it is tortured."""
    if "workers" in metafunc.fixturenames:
        counts = [2, 4] if metafunc.config.getoption("--torture") else [2]
        metafunc.parametrize("workers", counts, scope="session", ids=[f"{count} workers" for count in counts])


@dataclass(frozen=True)
class Stage:
    """A server, its database, and the network between them."""

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
        """A client that opens a connection for every request, so that all workers are met."""
        limits = httpx.Limits(max_connections=300, max_keepalive_connections=0)
        async with httpx.AsyncClient(base_url=self.server.url, limits=limits, timeout=20, trust_env=False) as made:
            yield made

    def live_workers(self) -> list[int]:
        """Return the numbers of the processes that answer, oldest first."""
        # Between them stands the process that workers are forked from.
        return [pid for pid in worker_pids(self.server.output()) if _parent_of(_parent_of(pid)) == self.server.pid]

    def is_ready(self) -> bool:
        """Ask the probe, often enough to meet each worker."""
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=20) as client:
            headers = {"Connection": "close"}
            return all(client.get("/health/ready", headers=headers).status_code == 200 for _ in range(2 * self.workers))

    async def check(self, row: str, crowd: Crowd, *, recovery: float | None = None, **more: Any) -> Ledger:
        """Hold the server to the books, look for what must not be, and write the measurements down."""
        ledger = await crowd.audited()
        doubled = {what: await self.deployment.rows(query) for what, query in DOUBLED.items()}
        assert ledger.violations == []
        assert {what: rows for what, rows in doubled.items() if rows} == {}
        assert [line for line in self.server.output().splitlines() if "Traceback" in line] == []
        if recovery is not None:
            assert recovery <= BACK_WITHIN
        self.record(row, ledger, recovery=recovery, **more)
        return ledger

    def record(self, row: str, ledger: Ledger | None = None, *, recovery: float | None = None, **more: Any) -> None:
        """Write the measurements down."""
        seen = dict(ledger.seen) if ledger else {}
        record(
            row,
            engine=self.engine,
            workers=self.workers,
            seen=seen,
            acknowledged=ledger.acknowledged if ledger else None,
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


@pytest.fixture(scope="session")
def stage(engine: str, workers: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One that is well: every test leaves it as it found it."""
    folder = tmp_path_factory.mktemp("stage")
    with ExitStack() as stack:
        postgres = proxy = None
        url = f"sqlite:///{folder / 'auth.db'}"
        if engine == "postgres":
            postgres = stack.enter_context(PostgresServer())
            Deployment(folder, postgres.url()).command("migrate").check_returncode()
            proxy = stack.enter_context(TcpProxy(postgres.port))
            url = postgres.url().replace(str(postgres.port), str(proxy.port))
        deployment = Deployment(folder, url)
        server = stack.enter_context(deployment.server(workers=workers, **VARIABLES))
        made = Stage(engine, workers, server, deployment, postgres, proxy)
        wait_until(made.is_ready)
        yield made


@pytest.fixture
async def crowd(stage: Stage) -> AsyncIterator[Crowd]:
    """People whom nobody has heard of."""
    async with stage.client() as client:
        yield Crowd(client, people=12, prefix=f"x{uuid.uuid4().hex[:8]}n")


async def settled(crowd: Crowd, *, acknowledgements: int = 60) -> None:
    """Wait until the crowd is well under way."""
    async with asyncio.timeout(20):
        while crowd.ledger.acknowledged < acknowledgements:  # noqa: ASYNC110 - others do the work
            await asyncio.sleep(0.01)


def now() -> float:
    return time.monotonic()
