"""FT25, FT27, FT30: what operators do, and forget to do."""

import asyncio
import fcntl
import os
import subprocess
import sys
import time

import httpx
import pytest

from tests.faults.conftest import Stage, now, settled
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.ledger import Crowd
from tests.support.load import Measured, at_capacity, request_bytes
from tests.support.measurements import record
from tests.support.processes import clean_environment, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.torture
async def test_ft25_a_table_changes_under_the_running_version(stage: Stage, crowd: Crowd) -> None:
    """The next version adds a column and an index, while two processes migrate and this version serves."""
    added = [f"ALTER TABLE {table} ADD COLUMN later{stage.workers} INTEGER" for table in ("users", "sessions")]
    async with crowd.busy() as ledger:
        await settled(crowd)
        migrating = [asyncio.to_thread(stage.deployment.command, "migrate") for _ in range(2)]
        done = await asyncio.gather(*migrating)
        for statement in added:
            await execute(stage, statement)
        recovery = await ledger.quiet(now(), calm=1)

    assert [process.returncode for process in done] == [0, 0]
    await stage.check("FT25", crowd, recovery=recovery)
    assert ledger.seen["503 CIRCUIT_BREAKER_OPEN"] == 0


async def execute(stage: Stage, statement: str) -> None:
    if stage.engine == "postgres":
        await stage.deployment.rows(statement)
        return
    await asyncio.to_thread(execute_embedded, stage, statement)


def execute_embedded(stage: Stage, statement: str) -> None:
    import sqlite3  # noqa: PLC0415 - on this engine alone

    with sqlite3.connect(stage.deployment.database_url.removeprefix("sqlite:///"), timeout=20) as connection:
        connection.execute(statement)


@pytest.mark.torture
async def test_ft27_a_log_that_nobody_reads_delays_nobody(deployment: Deployment, engine: str) -> None:
    """The pipe is full: lines are dropped and counted, answers are as quick as before."""
    if engine != "sqlite":
        pytest.skip("the log asks no database")
    deployment.command("migrate").check_returncode()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    port = free_port()
    process = subprocess.Popen(  # noqa: ASYNC220 - a moment, in a test
        [sys.executable, "-m", "auth_api", "serve", "--port", str(port)],
        env=clean_environment(deployment.environ),
        cwd=deployment.folder,
        stdout=writer,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(wait_until, lambda: responses(url), within=20)
        live = request_bytes("GET", "/health/live")
        first = await at_capacity(port, live, connections=8, seconds=1)  # more than the pipe takes
        sent = sum(first.seen.values())
        worst = Measured()
        while sent < 11_000:  # more than the queue takes, too
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


def responses(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def drained(reader: int, process: subprocess.Popen[bytes]) -> str:
    """Read what waits, until the dropped lines are told of; the process ends meanwhile."""
    text = b""
    while b"log lines dropped" not in text:
        piece = os.read(reader, 65536)
        if not piece:
            break
        text += piece
    process.terminate()
    return text.decode(errors="replace")
