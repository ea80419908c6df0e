"""FT25 and FT27: migrations under load, and a log that is not read."""

import asyncio
import fcntl
import os
import subprocess
import sys
import time

import httpx
import pytest

from tests.faults.conftest import Testbed, now, wait_for_traffic
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.load import LoadResult, at_capacity, request_bytes
from tests.support.measurements import record
from tests.support.processes import clean_environment, free_port
from tests.support.simulated_users import Simulation
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.torture
async def test_ft25_tables_change_under_the_running_version(testbed: Testbed, simulation: Simulation) -> None:
    """The next version adds a column and an index, while two processes migrate and this version serves."""
    added = [f"ALTER TABLE {table} ADD COLUMN later{testbed.workers} INTEGER" for table in ("users", "sessions")]
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        migrating = [asyncio.to_thread(testbed.deployment.command, "migrate") for _ in range(2)]
        done = await asyncio.gather(*migrating)
        for statement in added:
            await execute(testbed, statement)
        recovery = await observations.wait_for_recovery(now(), calm=1)

    assert [process.returncode for process in done] == [0, 0]
    await testbed.check("FT25", simulation, recovery=recovery)
    assert observations.seen["503 CIRCUIT_BREAKER_OPEN"] == 0


async def execute(testbed: Testbed, statement: str) -> None:
    if testbed.engine == "postgres":
        await testbed.deployment.rows(statement)
        return
    await asyncio.to_thread(execute_embedded, testbed, statement)


def execute_embedded(testbed: Testbed, statement: str) -> None:
    import sqlite3  # noqa: PLC0415 - only for this engine

    with sqlite3.connect(testbed.deployment.database_url.removeprefix("sqlite:///"), timeout=20) as connection:
        connection.execute(statement)


@pytest.mark.torture
async def test_ft27_log_that_is_not_read_does_not_delay_requests(deployment: Deployment, engine: str) -> None:
    """With a full pipe, lines are dropped and counted, and responses are as fast as before."""
    if engine != "sqlite":
        pytest.skip("the log does not use the database")
    deployment.command("migrate").check_returncode()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    port = free_port()
    process = subprocess.Popen(  # noqa: ASYNC220 - takes only a moment
        [sys.executable, "-m", "auth_api", "serve", "--port", str(port)],
        env=clean_environment(deployment.environ),
        cwd=deployment.folder,
        stdout=writer,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(wait_until, lambda: is_live(url), within=20)
        live = request_bytes("GET", "/health/live")
        first = await at_capacity(port, live, connections=8, seconds=1)  # more lines than fit into the pipe
        sent = sum(first.seen.values())
        worst = LoadResult()
        while sent < 11_000:  # more lines than fit into the queue
            worst = await at_capacity(port, live, connections=8, seconds=1)
            sent += sum(worst.seen.values())
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            ada = Actor(http)
            begin = time.monotonic()
            assert (await ada.register()).status == 201
            took = time.monotonic() - begin
        text = await asyncio.to_thread(drained, reader, process)
    finally:
        process.kill()
        process.wait()
        os.close(reader)

    assert set(worst.seen) == {200}
    assert took < 1
    assert "log lines dropped" in text
    before, after = first.percentile(200, 0.99), worst.percentile(200, 0.99)
    assert after < max(0.1, 5 * before)
    assert await deployment.rows("SELECT count(*) FROM audit_logs") == [(1,)]
    outcome = f"p99 {before * 1000:.0f} ms before, {after * 1000:.0f} ms with a full pipe; dropped lines counted"
    record("FT27", engine=engine, workers=1, seen={}, lost=0, recovery=0.0, outcome=outcome)


def is_live(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def drained(reader: int, process: subprocess.Popen[bytes]) -> str:
    """Read the log until the line about dropped lines, and end the process."""
    text = b""
    while b"log lines dropped" not in text:
        chunk = os.read(reader, 65536)
        if not chunk:
            break
        text += chunk
    process.terminate()
    return text.decode(errors="replace")
