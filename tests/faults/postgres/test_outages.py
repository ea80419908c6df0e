"""FT1 to FT6 and FT12: PostgreSQL is down, slow, unreachable, restarted or demoted."""

import asyncio
import time

import asyncpg
import httpx
import pytest

from auth_api.kit.crypto.tokens import digest
from tests.faults.conftest import MAX_RECOVERY_SECONDS, SERVER_VARIABLES, Testbed, now, wait_for_traffic
from tests.support.actors import PASSWORD, Actor
from tests.support.deployment import Deployment
from tests.support.measurements import record
from tests.support.postgres import PostgresServer
from tests.support.simulated_users import Simulation
from tests.support.waiting import until, wait_until

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.slow]


@pytest.mark.torture
@pytest.mark.parametrize("count", [2, 4])
def test_ft01_server_starts_without_its_database(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    with PostgresServer() as postgres:
        deployment = Deployment(tmp_path_factory.mktemp("down"), postgres.url())
        deployment.command("migrate").check_returncode()
        postgres.stop()
        with (
            deployment.server(workers=count, **SERVER_VARIABLES) as server,
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
                lambda: client.post("/api/auth/register", json=body).status_code == 201, within=MAX_RECOVERY_SECONDS
            )

            assert (server.pid, server.running) == (pid, True)
    record("FT1", engine="postgres", workers=count, seen={"503": 1}, recovery=round(took, 2), lost=0)


@pytest.mark.parametrize("how", ["kill", pytest.param("stop", marks=pytest.mark.torture)])
async def test_ft02_database_dies_under_load(testbed: Testbed, simulation: Simulation, how: str) -> None:
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        await asyncio.to_thread(getattr(testbed.database, how))
        died = now()
        await until(lambda: observations.seen["503 CIRCUIT_BREAKER_OPEN"] > 0)
        async with testbed.client() as client:
            assert (await client.get("/health/live")).status_code == 200
        await asyncio.to_thread(testbed.database.start)
        recovery = await observations.wait_for_recovery(now())

    await testbed.check("FT2", simulation, recovery=recovery, fault=how, down_seconds=round(now() - died, 1))
    assert {outcome for outcome in observations.seen if outcome.startswith("503")} <= {
        "503 DATABASE_UNAVAILABLE",
        "503 CIRCUIT_BREAKER_OPEN",
        "503 SERVER_OVERLOADED",
    }
    assert observations.seen["no response"] == 0
    assert observations.slowest.get("503 DATABASE_UNAVAILABLE", 0) < 2


async def test_ft03_locked_row_delays_only_requests_that_need_it(testbed: Testbed, simulation: Simulation) -> None:
    """The statement time limit ends the waiting requests; five of them do not open the circuit breaker."""
    async with testbed.client() as client:
        ada = Actor(client, username=f"locked{testbed.workers}", email=f"locked{testbed.workers}@example.com")
        await ada.register()
        holder = await asyncpg.connect(testbed.database.url())
        async with simulation.running() as observations:
            await wait_for_traffic(simulation, acknowledgements=20)
            begin = now()
            async with holder.transaction():
                await holder.execute("SELECT 1 FROM sessions FOR UPDATE")
                await holder.execute("SELECT 1 FROM users WHERE username = $1 FOR UPDATE", ada.username)
                waiting = [asyncio.create_task(ada.try_refresh()) for _ in range(3)]
                read = await ada.profile()
                responses = await asyncio.gather(*waiting)
            took = now() - begin
            recovery = await observations.wait_for_recovery(now(), calm=0.3)
        await holder.close()

    assert read.status == 200
    assert {response.outcome for response in responses} <= {(503, "DATABASE_UNAVAILABLE"), (503, "SERVER_OVERLOADED")}
    assert took < 4
    await testbed.check("FT3", simulation, recovery=recovery, waited_seconds=round(took, 2))
    assert observations.seen["503 CIRCUIT_BREAKER_OPEN"] == 0
    assert await open_transactions(testbed) == 0


async def open_transactions(testbed: Testbed) -> int:
    rows = await testbed.deployment.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auth_api' AND xact_start IS NOT NULL"
    )
    return int(rows[0][0])


@pytest.mark.torture
async def test_ft03_database_process_is_stopped(testbed: Testbed, simulation: Simulation) -> None:
    """SIGSTOP: connections stay open without a response, so only the client's own time limits apply."""
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        await asyncio.to_thread(testbed.database.pause)
        await asyncio.sleep(6)
        await asyncio.to_thread(testbed.database.resume)
        recovery = await observations.wait_for_recovery(now())

    await testbed.check("FT3", simulation, recovery=recovery, fault="SIGSTOP for 6 s")
    assert max(observations.slowest.values()) < 10
    assert await open_transactions(testbed) == 0


@pytest.mark.torture
async def test_ft03_network_drops_all_packets(testbed: Testbed, simulation: Simulation) -> None:
    """Half-open connections: neither side notices that the other one is unreachable."""
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        testbed.network.is_frozen = True
        await asyncio.sleep(6)
        testbed.network.cut()
        testbed.network.is_frozen = False
        recovery = await observations.wait_for_recovery(now())

    await testbed.check("FT3", simulation, recovery=recovery, fault="half-open connections for 6 s")
    assert max(observations.slowest.values()) < 10


@pytest.mark.torture
async def test_ft03_statements_take_half_a_second(testbed: Testbed, simulation: Simulation) -> None:
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        testbed.network.delay_seconds = 0.5
        await asyncio.sleep(5)
        testbed.network.delay_seconds = 0
        recovery = await observations.wait_for_recovery(now())

    await testbed.check("FT3", simulation, recovery=recovery, fault="+0.5 s per round trip")
    assert max(observations.slowest.values()) < 10


async def test_ft04_reads_succeed_after_all_connections_are_cut(testbed: Testbed) -> None:
    async with testbed.client() as client:
        name = f"cut{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        for _ in range(3):
            await asyncio.gather(*(ada.profile() for _ in range(20)))
            await terminate_all(testbed)
            responses = await asyncio.gather(*(ada.profile() for _ in range(20)))

            assert [response.status for response in responses] == [200] * 20
        await testbed.deployment.rows("SELECT 1")
        testbed.record("FT4", recovery=0.0, outcome="reads: 200 only", fault="pg_terminate_backend of all, idle")


async def terminate_all(testbed: Testbed) -> None:
    await testbed.deployment.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'auth_api'"
    )


async def test_ft04_all_connections_are_cut_under_load(testbed: Testbed, simulation: Simulation) -> None:
    """At most one error per connection of the pools, and immediate recovery."""
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        await terminate_all(testbed)
        recovery = await observations.wait_for_recovery(now(), calm=0.5)

    failures = sum(count for outcome, count in observations.seen.items() if outcome.startswith("503"))
    await testbed.check("FT4", simulation, recovery=recovery, fault="pg_terminate_backend of all, under load")
    assert failures <= 5 * testbed.workers


@pytest.mark.torture
async def test_ft04_database_is_restarted_five_times(testbed: Testbed, simulation: Simulation) -> None:
    """Ory, 2022: dead connections stayed in the pool and caused an outage of eight hours."""
    worst = 0.0
    async with simulation.running() as observations:
        for _ in range(5):
            await wait_for_traffic(simulation, acknowledgements=observations.acknowledged + 40)
            await asyncio.to_thread(testbed.database.restart)
            worst = max(worst, await observations.wait_for_recovery(now()))

    await testbed.check("FT4", simulation, recovery=worst, fault="5 restarts")


@pytest.mark.torture
async def test_ft04_other_clients_take_all_connections(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Error 53300: 503 while no connection is available, and recovery when connections are released."""
    with PostgresServer(max_connections=8, config={"reserved_connections": "0"}) as postgres:
        deployment = Deployment(tmp_path_factory.mktemp("exhausted"), postgres.url())
        deployment.command("migrate").check_returncode()
        with deployment.server(**SERVER_VARIABLES) as server:
            others = await all_connections(postgres)
            # End the connections that the server already has, as it would continue to use them.
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
                    wait_until,
                    lambda: httpx.get(f"{server.url}/health/ready").status_code == 200,
                    within=MAX_RECOVERY_SECONDS,
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


async def test_ft05_connections_to_a_demoted_primary_are_replaced(testbed: Testbed, simulation: Simulation) -> None:
    administrator = await asyncpg.connect(testbed.database.url())
    async with simulation.running() as observations:
        await wait_for_traffic(simulation)
        await administrator.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await administrator.execute("SELECT pg_reload_conf()")
        demoted = await pids(testbed)
        await asyncio.sleep(0.5)
        await administrator.execute("SET default_transaction_read_only = off")
        await administrator.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await administrator.execute("SELECT pg_reload_conf()")
        recovery = await observations.wait_for_recovery(now())
        kept = demoted & await pids(testbed)
    await administrator.close()

    await testbed.check("FT5", simulation, recovery=recovery, fault="read-only for 0.5 s")
    assert observations.seen["503 DATABASE_UNAVAILABLE"] > 0
    assert kept == set()


async def pids(testbed: Testbed) -> set[int]:
    rows = await testbed.deployment.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'auth_api'")
    return {row[0] for row in rows}


async def test_ft06_registration_with_a_lost_commit_response_is_complete(testbed: Testbed) -> None:
    """The connection is cut after COMMIT: the response is 503, and the user exists with everything."""
    async with testbed.client() as client:
        for number in range(3):
            name = f"commit{testbed.workers}x{number}"
            ada = Actor(client, username=name, email=f"{name}@example.com")
            testbed.network.cut_after = b"COMMIT"
            response = await ada.register()
            testbed.network.cut_after = None
            assert response.outcome == (503, "DATABASE_UNAVAILABLE")
            assert response.response.headers["retry-after"] == "1"

            await asyncio.to_thread(wait_until, testbed.is_ready)
            again = await ada.register()
            assert again.outcome in {(409, "DUPLICATE_EMAIL"), (409, "DUPLICATE_USERNAME")}
            assert (await ada.log_in()).status == 200
            assert (await ada.refresh()).status == 200
    testbed.record("FT6", recovery=0.0, outcome="503, then 409 and a successful login")


async def test_ft06_login_with_a_lost_commit_response_is_complete(testbed: Testbed) -> None:
    """The connection is cut after COMMIT: the session exists, and the audit log has its event."""
    async with testbed.client() as client:
        name = f"unknown{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        testbed.network.cut_after = b"COMMIT"
        response = await ada.log_in()
        testbed.network.cut_after = None
        assert response.outcome == (503, "DATABASE_UNAVAILABLE")

        await asyncio.to_thread(wait_until, testbed.is_ready)
        assert (await ada.log_in()).status == 200
        sessions = (await ada.call("GET", "/api/user/sessions"))["items"]
        events = (await ada.call("GET", "/api/user/audit-log"))["items"]
    assert len(sessions) == 3
    assert [event["action"] for event in events] == ["login:succeeded", "login:succeeded", "account:registered"]


@pytest.mark.torture
async def test_ft12_rotation_without_a_response_can_be_repeated(testbed: Testbed) -> None:
    """All workers die before the response: the same token, sent again, returns the stored successor."""
    async with testbed.client() as client:
        name = f"rotation{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        testbed.network.cut_after = digest(
            ada.refresh_token
        ).encode()  # an argument of the statement that rotates the token
        refused = await ada.try_refresh()
        testbed.network.cut_after = None
        assert refused.outcome == (503, "DATABASE_UNAVAILABLE")

        testbed.server.kill()
        begin = time.monotonic()
        await asyncio.to_thread(testbed.server.start)
        await asyncio.to_thread(wait_until, testbed.is_ready)
        restart = time.monotonic() - begin
        first, second = await ada.try_refresh(), await ada.try_refresh()

        assert (first.status, second.status) == (200, 200)
        assert first["refresh_token"] == second["refresh_token"]
        spent = ada.refresh_token
        ada.refresh_token = first["refresh_token"]
        assert (await ada.refresh()).status == 200
        assert (await ada.try_refresh(spent)).outcome == (401, "REFRESH_TOKEN_REUSED")
        assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    testbed.record(
        "FT12", restart_seconds=round(restart, 1), outcome="same successor; later reuse: 401, session revoked"
    )
