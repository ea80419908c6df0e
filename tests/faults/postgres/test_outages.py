"""FT1 to FT6: PostgreSQL is down, slow, cut off, restarted or demoted."""

import asyncio
import time

import asyncpg
import httpx
import pytest

from auth_api.kit.crypto.tokens import digest
from tests.faults.conftest import BACK_WITHIN, VARIABLES, Stage, now, settled
from tests.support.actors import PASSWORD, Actor
from tests.support.deployment import Deployment
from tests.support.ledger import Crowd
from tests.support.measurements import record
from tests.support.postgres import PostgresServer
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.slow]

QUICK = 0.05
"""Seconds that an answer may take while the breaker is open, on a machine that has nothing else to do."""


@pytest.mark.torture
@pytest.mark.parametrize("count", [2, 4])
def test_ft01_a_server_starts_without_its_database(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    with PostgresServer() as postgres:
        deployment = Deployment(tmp_path_factory.mktemp("down"), postgres.url())
        deployment.command("migrate").check_returncode()
        postgres.stop()
        with (
            deployment.server(workers=count, **VARIABLES) as server,
            httpx.Client(base_url=server.url, trust_env=False) as client,
        ):
            pid = server.pid
            assert client.get("/health/live").status_code == 200
            assert client.get("/health/ready").status_code == 503
            body = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
            refused = client.post("/api/auth/register", json=body)
            assert refused.status_code == 503
            assert 1 <= int(refused.headers["retry-after"]) <= 5

            postgres.start()
            took = wait_until(
                lambda: client.post("/api/auth/register", json=body).status_code == 201, within=BACK_WITHIN
            )

            assert (server.pid, server.running) == (pid, True)
    record("FT1", engine="postgres", workers=count, seen={"503": 1}, recovery=round(took, 2), lost=0)


@pytest.mark.parametrize("how", ["kill", pytest.param("stop", marks=pytest.mark.torture)])
async def test_ft02_the_database_dies_under_load(stage: Stage, crowd: Crowd, how: str) -> None:
    async with crowd.busy() as ledger:
        await settled(crowd)
        await asyncio.to_thread(getattr(stage.database, how))
        died = now()
        await asyncio.sleep(0.8)
        async with stage.client() as client:
            assert (await client.get("/health/live")).status_code == 200
        await asyncio.to_thread(stage.database.start)
        recovery = await ledger.quiet(now())

    await stage.check("FT2", crowd, recovery=recovery, fault=how, down=round(now() - died, 1))
    assert {outcome for outcome in ledger.seen if outcome.startswith("503")} <= {
        "503 DATABASE_UNAVAILABLE",
        "503 CIRCUIT_BREAKER_OPEN",
        "503 SERVER_OVERLOADED",
    }
    assert ledger.seen["no answer"] == 0
    assert ledger.slowest.get("503 DATABASE_UNAVAILABLE", 0) < 2


async def test_ft03_a_row_that_is_locked_costs_those_alone_who_need_it(stage: Stage, crowd: Crowd) -> None:
    """Its waiters are cut off by the statement's time limit; five of them do not open the breaker."""
    async with stage.client() as client:
        ada = Actor(client, username=f"locked{stage.workers}", email=f"locked{stage.workers}@example.com")
        await ada.register()
        holder = await asyncpg.connect(stage.database.url())
        async with crowd.busy() as ledger:
            await settled(crowd, acknowledgements=20)
            begin = now()
            async with holder.transaction():
                await holder.execute("SELECT 1 FROM sessions FOR UPDATE")
                await holder.execute("SELECT 1 FROM users WHERE username = $1 FOR UPDATE", ada.username)
                waiting = [asyncio.create_task(ada.try_refresh()) for _ in range(3)]
                read = await ada.profile()
                responses = await asyncio.gather(*waiting)
            took = now() - begin
            recovery = await ledger.quiet(now(), calm=0.3)
        await holder.close()

    assert read.status == 200
    assert {response.outcome for response in responses} <= {(503, "DATABASE_UNAVAILABLE"), (503, "SERVER_OVERLOADED")}
    assert took < 4
    await stage.check("FT3", crowd, recovery=recovery, waited=round(took, 2))
    assert ledger.seen["503 CIRCUIT_BREAKER_OPEN"] == 0
    assert await open_transactions(stage) == 0


async def open_transactions(stage: Stage) -> int:
    rows = await stage.deployment.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auth_api' AND xact_start IS NOT NULL"
    )
    return int(rows[0][0])


@pytest.mark.torture
async def test_ft03_a_server_that_does_not_answer_at_all(stage: Stage, crowd: Crowd) -> None:
    """SIGSTOP: connections stay open and nothing comes back, so that only the client's own limits help."""
    async with crowd.busy() as ledger:
        await settled(crowd)
        await asyncio.to_thread(stage.database.pause)
        await asyncio.sleep(6)
        await asyncio.to_thread(stage.database.resume)
        recovery = await ledger.quiet(now())

    await stage.check("FT3", crowd, recovery=recovery, fault="SIGSTOP for 6 s")
    assert max(ledger.slowest.values()) < 10
    assert await open_transactions(stage) == 0


@pytest.mark.torture
async def test_ft03_a_network_that_swallows_everything(stage: Stage, crowd: Crowd) -> None:
    """Half-open connections: neither side learns that the other one is gone."""
    async with crowd.busy() as ledger:
        await settled(crowd)
        stage.network.is_frozen = True
        await asyncio.sleep(6)
        stage.network.cut()
        stage.network.is_frozen = False
        recovery = await ledger.quiet(now())

    await stage.check("FT3", crowd, recovery=recovery, fault="half-open connections for 6 s")
    assert max(ledger.slowest.values()) < 10


@pytest.mark.torture
async def test_ft03_statements_that_take_half_a_second(stage: Stage, crowd: Crowd) -> None:
    async with crowd.busy() as ledger:
        await settled(crowd)
        stage.network.delay_seconds = 0.5
        await asyncio.sleep(5)
        stage.network.delay_seconds = 0
        recovery = await ledger.quiet(now())

    await stage.check("FT3", crowd, recovery=recovery, fault="+0.5 s per round trip")
    assert max(ledger.slowest.values()) < 10


async def test_ft04_all_connections_are_cut_and_no_read_notices(stage: Stage) -> None:
    async with stage.client() as client:
        name = f"cut{stage.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        for _ in range(3):
            await asyncio.gather(*(ada.profile() for _ in range(20)))
            await terminate_all(stage)
            responses = await asyncio.gather(*(ada.profile() for _ in range(20)))

            assert [response.status for response in responses] == [200] * 20
        await stage.deployment.rows("SELECT 1")
        stage.record("FT4", recovery=0.0, outcome="reads: 200 only", fault="pg_terminate_backend of all, idle")


async def terminate_all(stage: Stage) -> None:
    await stage.deployment.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'auth_api'"
    )


async def test_ft04_all_connections_are_cut_under_load(stage: Stage, crowd: Crowd) -> None:
    """At most one error for each connection of the pools, and everything is back at once."""
    async with crowd.busy() as ledger:
        await settled(crowd)
        await terminate_all(stage)
        recovery = await ledger.quiet(now(), calm=0.5)

    failures = sum(count for outcome, count in ledger.seen.items() if outcome.startswith("503"))
    await stage.check("FT4", crowd, recovery=recovery, fault="pg_terminate_backend of all, under load")
    assert failures <= 5 * stage.workers


@pytest.mark.torture
async def test_ft04_the_server_is_restarted_again_and_again(stage: Stage, crowd: Crowd) -> None:
    """Ory, 2022: dead connections stayed in the pool, and all was down for eight hours."""
    worst = 0.0
    async with crowd.busy() as ledger:
        for _ in range(5):
            await settled(crowd, acknowledgements=ledger.acknowledged + 40)
            await asyncio.to_thread(stage.database.restart)
            worst = max(worst, await ledger.quiet(now()))

    await stage.check("FT4", crowd, recovery=worst, fault="5 restarts")


@pytest.mark.torture
async def test_ft04_other_programs_take_all_connections(tmp_path_factory: pytest.TempPathFactory) -> None:
    """53300: 503 while there is none, and all is well once they are given back."""
    with PostgresServer(max_connections=8, config={"reserved_connections": "0"}) as postgres:
        deployment = Deployment(tmp_path_factory.mktemp("exhausted"), postgres.url())
        deployment.command("migrate").check_returncode()
        with deployment.server(**VARIABLES) as server:
            others = await all_connections(postgres)
            # The server had some already, and would go on with them.
            await others[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'auth_api'"
            )
            others += await all_connections(postgres)
            async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
                ada = Actor(client)
                refused = await ada.register()
                assert refused.outcome == (503, "DATABASE_UNAVAILABLE")
                for other in others:
                    await other.close()
                begin = now()
                await asyncio.to_thread(
                    wait_until, lambda: httpx.get(f"{server.url}/health/ready").status_code == 200, within=BACK_WITHIN
                )
                assert (await ada.register()).status == 201
                took = now() - begin
    record("FT4", engine="postgres", workers=1, seen={"503 DATABASE_UNAVAILABLE": 1}, recovery=round(took, 2), lost=0)


async def all_connections(postgres: PostgresServer) -> list[asyncpg.Connection]:
    taken: list[asyncpg.Connection] = []
    while True:
        try:
            taken.append(await asyncpg.connect(postgres.url()))
        except asyncpg.TooManyConnectionsError:
            return taken


async def test_ft05_a_primary_that_was_demoted_is_left_for_the_new_one(stage: Stage, crowd: Crowd) -> None:
    administrator = await asyncpg.connect(stage.database.url())
    async with crowd.busy() as ledger:
        await settled(crowd)
        await administrator.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await administrator.execute("SELECT pg_reload_conf()")
        demoted = await pids(stage)
        await asyncio.sleep(0.5)
        await administrator.execute("SET default_transaction_read_only = off")
        await administrator.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await administrator.execute("SELECT pg_reload_conf()")
        recovery = await ledger.quiet(now())
        kept = demoted & await pids(stage)
    await administrator.close()

    await stage.check("FT5", crowd, recovery=recovery, fault="read-only for 0.5 s")
    assert ledger.seen["503 DATABASE_UNAVAILABLE"] > 0
    assert kept == set()


async def pids(stage: Stage) -> set[int]:
    rows = await stage.deployment.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'auth_api'")
    return {row[0] for row in rows}


async def test_ft06_a_commit_whose_outcome_nobody_learns(stage: Stage) -> None:
    """The server commits, the connection is cut before it can say so: 503, and the account is there as a whole."""
    async with stage.client() as client:
        for number in range(3):
            name = f"commit{stage.workers}x{number}"
            ada = Actor(client, username=name, email=f"{name}@example.com")
            stage.network.cut_after = b"COMMIT"
            response = await ada.register()
            stage.network.cut_after = None
            assert response.outcome == (503, "DATABASE_UNAVAILABLE")
            assert response.response.headers["retry-after"] == "1"

            await asyncio.to_thread(wait_until, stage.is_ready)
            again = await ada.register()
            assert again.outcome in {(409, "DUPLICATE_EMAIL"), (409, "DUPLICATE_USERNAME")}
            assert (await ada.log_in()).status == 200
            assert (await ada.refresh()).status == 200
    stage.record("FT6", recovery=0.0, outcome="503, then 409 and a login that works")


async def test_ft06_a_login_whose_outcome_nobody_learns(stage: Stage) -> None:
    """The connection is cut after COMMIT: the session exists as a whole, and the history has its event."""
    async with stage.client() as client:
        name = f"unlearned{stage.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        stage.network.cut_after = b"COMMIT"
        response = await ada.log_in()
        stage.network.cut_after = None
        assert response.outcome == (503, "DATABASE_UNAVAILABLE")

        await asyncio.to_thread(wait_until, stage.is_ready)
        assert (await ada.log_in()).status == 200
        sessions = (await ada.call("GET", "/api/user/sessions"))["items"]
        events = (await ada.call("GET", "/api/user/audit-log"))["items"]
    assert len(sessions) == 3
    assert [event["action"] for event in events] == ["login:succeeded", "login:succeeded", "account:registered"]


@pytest.mark.torture
async def test_ft12_a_rotation_that_was_committed_but_never_answered(stage: Stage) -> None:
    """All workers die before the answer: the same token, sent again, gives the successor that was stored."""
    async with stage.client() as client:
        name = f"rotation{stage.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        stage.network.cut_after = digest(ada.refresh_token).encode()  # of the one statement that rotates it
        refused = await ada.try_refresh()
        stage.network.cut_after = None
        assert refused.outcome == (503, "DATABASE_UNAVAILABLE")

        stage.server.kill()
        begin = time.monotonic()
        await asyncio.to_thread(stage.server.start)
        await asyncio.to_thread(wait_until, stage.is_ready)
        restart = time.monotonic() - begin
        first, second = await ada.try_refresh(), await ada.try_refresh()

        assert (first.status, second.status) == (200, 200)
        assert first["refresh_token"] == second["refresh_token"]
        spent = ada.refresh_token
        ada.refresh_token = first["refresh_token"]
        assert (await ada.refresh()).status == 200
        assert (await ada.try_refresh(spent)).outcome == (401, "REFRESH_TOKEN_REUSED")
        assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    stage.record("FT12", restart=round(restart, 1), outcome="same successor; reuse later: 401, session ended")
