"""The server starts without its database, and an outage is 503."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.postgres import PostgresServer
from tests.support.waiting import LONG_TIMEOUTS, TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.slow

ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _postgres_only(engine: str) -> None:
    if engine != "postgres":
        pytest.skip("SQLite has no server that could be down")


@pytest.fixture
async def postgres(_postgres_only: None) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL server that the test may stop and start."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def deployment(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment on that server, with all migrations."""
    deployment = Deployment(tmp_path_factory.mktemp("deployment"), postgres.url(), LONG_TIMEOUTS)
    deployment.command("migrate").check_returncode()
    return deployment


def outcome(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, str(response.json().get("error_code", ""))


def assert_unavailable(response: httpx.Response) -> None:
    assert outcome(response) in {(503, "DATABASE_UNAVAILABLE"), (503, "CIRCUIT_BREAKER_OPEN")}
    assert 1 <= int(response.headers["retry-after"]) <= 5


@pytest.mark.parametrize("workers", [1, 2], ids=["one worker", "two workers"])
def test_server_starts_without_its_database_and_recovers(
    deployment: Deployment, postgres: PostgresServer, workers: int
) -> None:
    postgres.stop()
    with (
        deployment.server(workers=workers) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        assert client.get("/health/live").json() == {"status": "ok"}
        unready = client.get("/health/ready")
        assert unready.status_code == 503
        assert unready.json()["status"] == "unavailable"
        assert unready.json()["checks"] == {"database": "unavailable", "migrations": "unknown"}
        for _ in range(12):  # enough to open the breaker of each worker
            assert_unavailable(client.post("/api/auth/register", json=ADA))

        postgres.start()

        wait_until(lambda: client.post("/api/auth/register", json=ADA).status_code == 201)
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        assert server.stop() == 0


@pytest.mark.parametrize(("workers", "how"), [(1, "stop"), (2, "stop"), (1, "kill")])
def test_database_outage_is_503_and_not_401(
    deployment: Deployment, postgres: PostgresServer, workers: int, how: str
) -> None:
    with (
        deployment.server(workers=workers) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        tokens = client.post("/api/auth/register", json=ADA).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/api/user/profile", headers=bearer).status_code == 200

        getattr(postgres, how)()
        for _ in range(6):
            assert_unavailable(client.get("/api/user/profile", headers=bearer))
            assert_unavailable(client.post("/api/auth/login", json={"username": "ada", "password": PASSWORD}))
            assert_unavailable(client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
        assert client.get("/health/ready").status_code == 503
        assert client.get("/health/live").status_code == 200
        postgres.start()

        wait_until(lambda: client.get("/api/user/profile", headers=bearer).status_code == 200)
        wait_until(lambda: client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).is_success)
        assert "Traceback" not in server.output()
