"""FT8 to FT10: the embedded database is locked, full, moved away, damaged or read-only."""

import asyncio
import os
import re
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import Stage, now, settled
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.ledger import Crowd
from tests.support.measurements import record
from tests.support.processes import free_port

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.slow]


def file_of(deployment: Deployment) -> Path:
    return Path(deployment.database_url.removeprefix("sqlite:///"))


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Another process writes, and takes its time."""
    other = sqlite3.connect(file_of(stage.deployment), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def integrity(stage: Stage) -> str:
    with sqlite3.connect(file_of(stage.deployment)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


async def somebody(client: httpx.AsyncClient, name: str) -> Actor:
    ada = Actor(client, username=name, email=f"{name}@example.com")
    assert (await ada.register()).status == 201
    return ada


@pytest.mark.parametrize("seconds", [0.5, pytest.param(3, marks=pytest.mark.torture)])
async def test_ft08_a_lock_that_is_given_back_in_time_costs_patience_alone(stage: Stage, seconds: float) -> None:
    async with stage.client() as client:
        ada = await somebody(client, f"patient{stage.workers}s{int(seconds)}")
        with locked(stage):
            waiting = [asyncio.create_task(ada.log_in()) for _ in range(3)]
            await asyncio.sleep(seconds)
            assert (await ada.profile()).status == 200
        responses = await asyncio.gather(*waiting)

    limit = 1.0  # DATABASE_STATEMENT_TIMEOUT
    expected = {(200, "")} if seconds < limit else {(503, "DATABASE_UNAVAILABLE"), (503, "SERVER_OVERLOADED")}
    assert {response.outcome for response in responses} <= expected
    stage.record("FT8", recovery=0.0, fault=f"locked for {seconds} s, limit 1 s")


@pytest.mark.torture
async def test_ft08_a_lock_of_thirty_seconds_keeps_writers_waiting_no_longer_than_the_limit(
    stage: Stage, crowd: Crowd
) -> None:
    """Who reads is served meanwhile: a lock does not open the breaker."""
    async with crowd.busy() as ledger, stage.client() as client:
        ada = await somebody(client, f"reader{stage.workers}")
        await settled(crowd)
        with locked(stage):
            end = now() + 30
            reads = []
            while now() < end:
                reads.append((await ada.profile()).status)
                await asyncio.sleep(0.1)
        recovery = await ledger.quiet(now())

    await stage.check("FT8", crowd, recovery=recovery, fault="locked for 30 s, limit 1 s")
    assert set(reads) == {200}
    assert max(ledger.slowest.values()) < 5
    assert ledger.seen["503 CIRCUIT_BREAKER_OPEN"] == 0


async def test_ft09_a_full_disk_stops_writers_and_nobody_else(stage: Stage, crowd: Crowd) -> None:
    """No worker may make a file larger than it is now: to SQLite, and to the log, that is a disk that is full."""
    pids = stage.live_workers()
    async with crowd.busy() as ledger, stage.client() as client:
        ada = await somebody(client, f"full{stage.workers}")
        await settled(crowd)
        limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, limits[pid][1]))
        refused = [await ada.log_in() for _ in range(8)]
        reads = [await ada.profile() for _ in range(8)]
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits[pid])
        recovery = await ledger.quiet(now(), calm=0.5)

    assert {response.outcome for response in refused} == {(503, "DATABASE_UNAVAILABLE")}
    assert {response.status for response in reads} == {200}
    await stage.check("FT9", crowd, recovery=recovery, fault="no write fits (RLIMIT_FSIZE), the log's neither")
    assert integrity(stage) == "ok"


async def test_ft10_a_file_that_is_moved_away_is_never_replaced_by_an_empty_one(stage: Stage, crowd: Crowd) -> None:
    path = file_of(stage.deployment)
    async with crowd.busy() as ledger, stage.client() as client:
        await settled(crowd)
        path.rename(path.with_suffix(".away"))
        await asyncio.sleep(0.3)
        ready = await client.get("/health/ready")
        assert not path.exists()
        path.with_suffix(".away").rename(path)
        recovery = await ledger.quiet(now())

    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "unavailable")
    await stage.check("FT10", crowd, recovery=recovery, fault="moved away for 0.3 s")
    assert integrity(stage) == "ok"


PRODUCTION = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.your-company.com",
    "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo",
}


@pytest.mark.parametrize("what", ["missing", "empty"])
async def test_ft10_production_does_not_begin_with_an_empty_database(deployment: Deployment, what: str) -> None:
    path = file_of(deployment)
    if what == "empty":
        path.touch()

    done = await asyncio.to_thread(deployment.command, "serve", "--port", str(free_port()), **PRODUCTION)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: The database {path} does not exist. Restore it, or create a new one: auth-api migrate\n"
    )
    assert path.exists() is (what == "empty")
    record("FT10", engine="sqlite", workers=1, seen={}, outcome=f"{what} file: start refused", lost=0)


@pytest.mark.torture
@pytest.mark.parametrize("what", ["damaged", "truncated", "read-only"])
async def test_ft10_a_file_that_cannot_be_used_refuses_the_start(deployment: Deployment, what: str) -> None:
    path = file_of(deployment)
    deployment.command("migrate").check_returncode()
    if what == "read-only":
        if os.geteuid() == 0:
            pytest.skip("root writes everywhere")
        path.chmod(0o400)
        path.parent.chmod(0o500)
    elif what == "damaged":
        path.write_bytes(os.urandom(path.stat().st_size))
    else:
        os.truncate(path, 2000)

    done = await asyncio.to_thread(deployment.command, "serve", "--port", str(free_port()))
    path.parent.chmod(0o700)

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: The database .*cannot be used: .+\.\n", done.stderr)
    record("FT10", engine="sqlite", workers=1, seen={}, outcome=f"{what} file: start refused", lost=0)
