"""FT11, FT14, FT28: processes die and clients disconnect."""

import asyncio
import os
import random
import signal
import sqlite3

import httpx
import pytest

from tests.faults.conftest import MAX_RECOVERY_SECONDS, Testbed, now, wait_for_traffic
from tests.support.actors import PASSWORD, Actor
from tests.support.server_output import worker_pids
from tests.support.simulated_users import Simulation
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


async def kill_all_workers(testbed: Testbed, simulation: Simulation, *, rounds: int) -> None:
    """Kill all processes at a random moment under load, and start the server again, `rounds` times."""
    rng = random.Random(rounds)  # noqa: S311 - the moment of the kill
    worst = 0.0
    async with simulation.running() as observations:
        for _ in range(rounds):
            await wait_for_traffic(simulation, acknowledgements=observations.acknowledged + 20)
            await asyncio.sleep(rng.uniform(0, 0.1))
            testbed.server.kill()
            begin = now()
            await asyncio.to_thread(testbed.server.start)
            worst = max(worst, now() - begin)
        await observations.wait_for_recovery(now(), calm=0.5)

    await testbed.check("FT11", simulation, rounds=rounds, restart_seconds=round(worst, 2))
    if testbed.engine == "sqlite":
        with sqlite3.connect(testbed.deployment.database_url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_ft11_all_workers_are_killed(testbed: Testbed, simulation: Simulation) -> None:
    await kill_all_workers(testbed, simulation, rounds=1)


@pytest.mark.torture
async def test_ft11_all_workers_are_killed_fifty_times(testbed: Testbed, simulation: Simulation) -> None:
    await kill_all_workers(testbed, simulation, rounds=50)


@pytest.mark.torture
async def test_ft14_killed_worker_loses_only_its_requests_in_flight(testbed: Testbed, simulation: Simulation) -> None:
    before = len(worker_pids(testbed.server.output()))
    victim = testbed.live_workers()[-1]
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        os.kill(victim, signal.SIGKILL)
        begin = now()
        respawned = asyncio.to_thread(
            wait_until, lambda: len(worker_pids(testbed.server.output())) > before, within=2 * MAX_RECOVERY_SECONDS
        )
        await respawned
        replaced = now() - begin
        recovery = await observations.wait_for_recovery(begin, calm=0.5)

    await testbed.check("FT14", simulation, recovery=recovery, replaced_within_seconds=round(replaced, 2))
    assert observations.seen["no response"] <= len(simulation.users)


@pytest.mark.torture
async def test_ft28_thousand_clients_disconnect(testbed: Testbed, simulation: Simulation) -> None:
    """They disconnect at a random moment: no slot of a pool or queue is lost, and no change is partial."""
    rng = random.Random(28)  # noqa: S311 - the moment of the disconnect

    async def disconnect(client: httpx.AsyncClient, number: int) -> None:
        name = f"gone{testbed.workers}x{number}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        try:
            async with asyncio.timeout(rng.uniform(0.001, 0.06)):
                await (ada.register() if number % 2 else ada.log_in(username="unknown"))
        except (TimeoutError, httpx.TransportError):
            return

    async with simulation.running() as observations, testbed.client() as client:
        await wait_for_traffic(simulation)
        for batch in range(20):
            await asyncio.gather(*(disconnect(client, batch * 50 + number) for number in range(50)))
        recovery = await observations.wait_for_recovery(now(), calm=0.5)
        logins = await asyncio.gather(
            *(client.post("/api/auth/login", json={"username": "unknown", "password": PASSWORD}) for _ in range(20))
        )

    assert {response.status_code for response in logins} == {401}
    await testbed.check("FT28", simulation, recovery=recovery)
    if testbed.engine == "postgres":
        busy = await testbed.deployment.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auth_api' AND xact_start IS NOT NULL"
        )
        assert busy == [(0,)]
