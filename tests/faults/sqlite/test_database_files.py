"""FT8 to FT10: the SQLite file is locked, moved away, damaged or read-only, or the disk is full."""

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

from auth_api.kit.crypto.sealing import new_data_key
from tests.faults.conftest import Testbed, now, wait_for_traffic
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.measurements import record
from tests.support.processes import free_port
from tests.support.simulated_users import Simulation
from tests.support.waiting import until

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.slow]


def file_of(deployment: Deployment) -> Path:
    return Path(deployment.database_url.removeprefix("sqlite:///"))


@contextmanager
def locked(testbed: Testbed) -> Iterator[None]:
    """Hold the write lock in this context, as another process would."""
    other = sqlite3.connect(file_of(testbed.deployment), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def integrity(testbed: Testbed) -> str:
    with sqlite3.connect(file_of(testbed.deployment)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


async def registered(client: httpx.AsyncClient, name: str) -> Actor:
    ada = Actor(client, username=name, email=f"{name}@example.com")
    assert (await ada.register()).status == 201
    return ada


@pytest.mark.parametrize("seconds", [0.5, pytest.param(3, marks=pytest.mark.torture)])
async def test_ft08_lock_released_within_the_limit_only_delays_writers(testbed: Testbed, seconds: float) -> None:
    async with testbed.client() as client:
        ada = await registered(client, f"waiting{testbed.workers}s{int(seconds)}")
        with locked(testbed):
            waiting = [asyncio.create_task(ada.log_in()) for _ in range(3)]
            await asyncio.sleep(seconds)
            assert (await ada.profile()).status == 200
        responses = await asyncio.gather(*waiting)

    limit = 1.0  # DATABASE_STATEMENT_TIMEOUT
    expected = {(200, "")} if seconds < limit else {(503, "DATABASE_UNAVAILABLE"), (503, "SERVER_OVERLOADED")}
    assert {response.outcome for response in responses} <= expected
    testbed.record("FT8", recovery=0.0, fault=f"locked for {seconds} s, limit 1 s")


@pytest.mark.torture
async def test_ft08_lock_of_30_seconds_delays_writers_up_to_the_limit(testbed: Testbed, simulation: Simulation) -> None:
    """Readers are served, as a lock does not open the circuit breaker."""
    async with simulation.running() as observations, testbed.client() as client:
        ada = await registered(client, f"reader{testbed.workers}")
        await wait_for_traffic(simulation)
        with locked(testbed):
            end = now() + 30
            reads = []
            while now() < end:
                reads.append((await ada.profile()).status)
                await asyncio.sleep(0.1)
        recovery = await observations.wait_for_recovery(now())

    await testbed.check("FT8", simulation, recovery=recovery, fault="locked for 30 s, limit 1 s")
    assert set(reads) == {200}
    assert max(observations.slowest.values()) < 5
    assert observations.seen["503 CIRCUIT_BREAKER_OPEN"] == 0


async def test_ft09_full_disk_stops_only_writers(testbed: Testbed, simulation: Simulation) -> None:
    """A file size limit of 0 for all workers (RLIMIT_FSIZE) has the effect of a full disk on SQLite and on the log."""
    await until(lambda: len(testbed.live_workers()) == testbed.workers, within=10)  # others would go on writing
    pids = testbed.live_workers()
    async with simulation.running() as observations, testbed.client() as client:
        ada = await registered(client, f"full{testbed.workers}")
        await wait_for_traffic(simulation)
        limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[pid][1]))
        refused = [await ada.log_in() for _ in range(8)]
        reads = [await ada.profile() for _ in range(8)]
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits[pid])
        recovery = await observations.wait_for_recovery(now(), calm=0.5)

    assert {response.outcome for response in refused} == {(503, "DATABASE_UNAVAILABLE")}
    assert {response.status for response in reads} == {200}
    await testbed.check("FT9", simulation, recovery=recovery, fault="no write fits (RLIMIT_FSIZE), nor a log line")
    assert integrity(testbed) == "ok"


async def test_ft10_moved_file_is_not_replaced_by_an_empty_one(testbed: Testbed, simulation: Simulation) -> None:
    path = file_of(testbed.deployment)
    async with simulation.running() as observations, testbed.client() as client:
        await wait_for_traffic(simulation)
        path.rename(path.with_suffix(".away"))
        await until(lambda: observations.seen["503 DATABASE_UNAVAILABLE"] > 0)
        ready = await client.get("/health/ready")
        assert not path.exists()
        path.with_suffix(".away").rename(path)
        recovery = await observations.wait_for_recovery(now())

    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "unavailable")
    await testbed.check("FT10", simulation, recovery=recovery, fault="moved away")
    assert integrity(testbed) == "ok"


PRODUCTION = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.your-company.com",
    "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo",
    "DATA_ENCRYPTION_KEYS": new_data_key(),
}


@pytest.mark.parametrize("state", ["missing", "empty"])
async def test_ft10_production_does_not_start_with_an_empty_database(deployment: Deployment, state: str) -> None:
    path = file_of(deployment)
    if state == "empty":
        path.touch()

    done = await asyncio.to_thread(deployment.command, "serve", "--port", str(free_port()), **PRODUCTION)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: The database {path} does not exist. Restore it, or create a new one: auth-api migrate\n"
    )
    assert path.exists() is (state == "empty")
    record("FT10", engine="sqlite", workers=1, seen={}, outcome=f"{state} file: start refused", lost=0)


@pytest.mark.torture
@pytest.mark.parametrize("state", ["damaged", "truncated", "read-only"])
async def test_ft10_unusable_file_prevents_the_start(deployment: Deployment, state: str) -> None:
    path = file_of(deployment)
    deployment.command("migrate").check_returncode()
    if state == "read-only":
        if os.geteuid() == 0:
            pytest.skip("root can write to read-only files")
        path.chmod(0o400)
        path.parent.chmod(0o500)
    elif state == "damaged":
        path.write_bytes(os.urandom(path.stat().st_size))
    else:
        os.truncate(path, 2000)

    done = await asyncio.to_thread(deployment.command, "serve", "--port", str(free_port()))
    path.parent.chmod(0o700)

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: The database .*cannot be used: .+\.\n", done.stderr)
    record("FT10", engine="sqlite", workers=1, seen={}, outcome=f"{state} file: start refused", lost=0)
