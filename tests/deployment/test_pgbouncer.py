"""deploy/pgbouncer.ini, run by pgbouncer in transaction mode."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from piccolo.querystring import QueryString

from auth_api.kit.db.database import create_engine
from auth_api.kit.db.policy import DatabasePolicy
from tests.deployment.conftest import UNPRIVILEGED_USER, adapted, running
from tests.deployment.journey import whole_life
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.processes import free_port
from tests.support.programs import program

pytestmark = pytest.mark.deployment

SERVER_CONNECTIONS = 3
"""Fewer than the clients, so that each client uses several server connections in turn."""


@contextmanager
def pooler(deployment: Deployment, folder: Path, **changes: str) -> Iterator[str]:
    """Run pgbouncer in front of the deployment's database, and yield the URL to connect to it."""
    parts, port = urlsplit(deployment.database_url), free_port()
    name = parts.path.removeprefix("/")
    (folder / "userlist.txt").write_text(f'"postgres" "md5{hashlib.md5(b"xpostgres").hexdigest()}"\n')  # noqa: S324
    path = folder / "pgbouncer.ini"
    path.write_text(
        adapted(
            "pgbouncer.ini",
            {
                r"^auth = .*": f"{name} = host=127.0.0.1 port={parts.port} dbname={name}",
                r"listen_port = 6432": f"listen_port = {port}",
                r"auth_type = .*": "auth_type = trust",
                r"auth_file = .*": f"auth_file = {folder / 'userlist.txt'}",
                r"default_pool_size = 20": f"default_pool_size = {SERVER_CONNECTIONS}",
                **changes,
            },
        )
    )
    folder.chmod(0o755)
    command = [program("pgbouncer"), "-u", UNPRIVILEGED_USER, str(path)]
    with running(command, folder / "log", ready=port):
        yield f"postgresql://postgres@127.0.0.1:{port}/{name}"


@pytest.mark.parametrize("cache_size", [0, 100])
async def test_queries_get_their_own_rows_with_any_statement_cache(
    deployment: Deployment, tmp_path: Path, cache_size: int
) -> None:
    """With a cache, a client uses a statement on a server connection that has not prepared it."""
    with pooler(deployment, tmp_path) as address:
        policy = DatabasePolicy(postgres_dsn=address, statement_cache_size=cache_size, pool_timeout=30)
        engine = create_engine(policy)
        await engine.start_connection_pool()
        try:
            queries = [
                QueryString(f"SELECT {number % 50} AS text, {{}}::int AS argument", number) for number in range(1000)
            ]
            results = await asyncio.gather(
                *(engine.run_querystring(query) for query in queries), return_exceptions=True
            )
        finally:
            await engine.close_connection_pool()

    assert all(is_correct(result, number) for number, result in enumerate(results))


def is_correct(result: Any, number: int) -> bool:
    return not isinstance(result, BaseException) and dict(result[0]) == {"text": number % 50, "argument": number}


@pytest.mark.parametrize("settings", [{"DATABASE_STATEMENT_CACHE_SIZE": "0"}, {}, {"WORKERS": "2"}], ids=str)
async def test_clients_share_server_connections(
    deployment: Deployment, tmp_path: Path, settings: dict[str, str]
) -> None:
    with pooler(deployment, tmp_path) as address:
        pooled: dict[str, Any] = {"DATABASE_URL": address, **settings}
        with deployment.server(**pooled) as server:
            async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
                await asyncio.gather(*(whole_life(client, f"person{number}") for number in range(12)))
                ada = Actor(client)
                assert (await ada.register()).status == 201
                responses = await asyncio.gather(*(ada.profile() for _ in range(300)))
            output = server.output()
            assert "unexpected" not in output
            assert ("prepared_statements:disabled" in output) == ("DATABASE_STATEMENT_CACHE_SIZE" not in settings)

    assert {response.status for response in responses} == {200}


async def test_migrations_run_through_pgbouncer(unmigrated: Deployment, tmp_path: Path) -> None:
    with pooler(unmigrated, tmp_path) as address:
        pooled = {"DATABASE_URL": address, "DATABASE_STATEMENT_CACHE_SIZE": "0"}
        done = unmigrated.command("migrate", **pooled)
        found = unmigrated.command("doctor", "--json", **pooled)

    assert (done.returncode, done.stderr) == (0, "")
    checks = {one["check"]: one for one in json.loads(found.stdout)}
    assert checks["database.migrations"]["verdict"] == "ok"
    assert checks["database.pooler"]["message"] == "A pooler is used, and no prepared statements are kept."


def test_doctor_reports_a_pooler_that_rejects_the_statement_timeout(deployment: Deployment, tmp_path: Path) -> None:
    with pooler(deployment, tmp_path, **{r"^ignore_startup_parameters.*": ""}) as address:
        done = deployment.command("doctor", "--json", DATABASE_URL=address)

    checks = {one["check"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1
    assert checks["database.reachable"]["message"].endswith("a pooler rejected the connection or a parameter of it.")
    assert "DATABASE_STATEMENT_TIMEOUT=0" in checks["database.reachable"]["fix"]


async def test_pooler_that_rejects_the_statement_timeout_works_without_it(
    unmigrated: Deployment, tmp_path: Path
) -> None:
    with pooler(unmigrated, tmp_path, **{r"^ignore_startup_parameters.*": ""}) as address:
        pooled: dict[str, Any] = {"DATABASE_URL": address, "DATABASE_STATEMENT_TIMEOUT": "0"}
        done = unmigrated.command("migrate", **pooled)
        found = unmigrated.command("doctor", "--json", **pooled)
        with unmigrated.server(**pooled) as server:
            async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
                await asyncio.gather(*(whole_life(client, f"person{number}") for number in range(4)))

    assert (done.returncode, done.stderr) == (0, "")
    checks = {one["check"]: one for one in json.loads(found.stdout)}
    assert (checks["database.time_limit"]["verdict"], checks["database.migrations"]["verdict"]) == ("warn", "ok")


async def test_statement_timeout_of_the_role_applies_behind_pgbouncer(deployment: Deployment, tmp_path: Path) -> None:
    owner = await asyncpg.connect(deployment.database_url)
    try:
        await owner.execute("ALTER ROLE postgres SET statement_timeout = '200ms'")
        with pooler(deployment, tmp_path) as address:
            pooled = await asyncpg.connect(address, statement_cache_size=0)
            with pytest.raises(asyncpg.QueryCanceledError):
                await pooled.execute("SELECT pg_sleep(2)")
            await pooled.close()
    finally:
        await owner.execute("ALTER ROLE postgres RESET statement_timeout")
        await owner.close()
