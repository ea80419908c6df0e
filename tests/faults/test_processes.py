"""FT11, FT14, FT28: processes die and clients vanish."""

import asyncio
import os
import random
import signal
import sqlite3

import httpx
import pytest

from tests.faults.conftest import BACK_WITHIN, Stage, now, settled
from tests.support.actors import PASSWORD, Actor
from tests.support.ledger import Crowd
from tests.support.server_output import worker_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


async def killed_again_and_again(stage: Stage, crowd: Crowd, *, rounds: int) -> None:
    """Kill all processes at once, in the middle of whatever they do, and start again."""
    dice = random.Random(rounds)  # noqa: S311 - when to strike
    worst = 0.0
    async with crowd.busy() as ledger:
        for _ in range(rounds):
            await settled(crowd, acknowledgements=ledger.acknowledged + 20)
            await asyncio.sleep(dice.uniform(0, 0.1))
            stage.server.kill()
            begin = now()
            await asyncio.to_thread(stage.server.start)
            worst = max(worst, now() - begin)
        await ledger.quiet(now(), calm=0.5)

    await stage.check("FT11", crowd, rounds=rounds, restart=round(worst, 2))
    if stage.engine == "sqlite":
        with sqlite3.connect(stage.deployment.database_url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_ft11_all_workers_are_killed(stage: Stage, crowd: Crowd) -> None:
    await killed_again_and_again(stage, crowd, rounds=1)


@pytest.mark.torture
async def test_ft11_all_workers_are_killed_fifty_times(stage: Stage, crowd: Crowd) -> None:
    await killed_again_and_again(stage, crowd, rounds=50)


@pytest.mark.torture
async def test_ft14_one_worker_is_killed_and_costs_only_what_it_had_in_flight(stage: Stage, crowd: Crowd) -> None:
    before = len(worker_pids(stage.server.output()))
    victim = stage.live_workers()[-1]
    async with crowd.busy() as ledger:
        await settled(crowd)
        os.kill(victim, signal.SIGKILL)
        begin = now()
        respawned = asyncio.to_thread(
            wait_until, lambda: len(worker_pids(stage.server.output())) > before, within=2 * BACK_WITHIN
        )
        await respawned
        replaced = now() - begin
        recovery = await ledger.quiet(begin, calm=0.5)

    await stage.check("FT14", crowd, recovery=recovery, replaced=round(replaced, 2))
    assert ledger.seen["no answer"] <= len(crowd.people)


@pytest.mark.torture
async def test_ft28_a_thousand_clients_hang_up(stage: Stage, crowd: Crowd) -> None:
    """At any moment of their request: no place in a pool or a queue is lost, and nothing is half done."""
    dice = random.Random(28)  # noqa: S311 - when to hang up

    async def hang_up(client: httpx.AsyncClient, number: int) -> None:
        name = f"gone{stage.workers}x{number}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        try:
            async with asyncio.timeout(dice.uniform(0.001, 0.06)):
                await (ada.register() if number % 2 else ada.log_in(username="nobody"))
        except (TimeoutError, httpx.TransportError):
            return

    async with crowd.busy() as ledger, stage.client() as client:
        await settled(crowd)
        for batch in range(20):
            await asyncio.gather(*(hang_up(client, batch * 50 + number) for number in range(50)))
        recovery = await ledger.quiet(now(), calm=0.5)
        logins = await asyncio.gather(
            *(client.post("/api/auth/login", json={"username": "nobody", "password": PASSWORD}) for _ in range(20))
        )

    assert {response.status_code for response in logins} == {401}
    await stage.check("FT28", crowd, recovery=recovery)
    if stage.engine == "postgres":
        busy = await stage.deployment.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auth_api' AND xact_start IS NOT NULL"
        )
        assert busy == [(0,)]
