"""PostgreSQL versions other than that of `make test`, and TLS to PostgreSQL.

POSTGRES_INSTALLATIONS lists folders with `bin`, `lib` and `share`, separated by colons. Debian's are found without it.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deployment.authority import Authority
from tests.deployment.conftest import UNPRIVILEGED_USER
from tests.deployment.journey import whole_life
from tests.support.deployment import Deployment
from tests.support.postgres import PostgresServer, create_database

pytestmark = pytest.mark.deployment


def installations() -> list[Path]:
    """Return all installations of a supported version, PostgreSQL 14 or newer."""
    named = [Path(text) for text in os.environ.get("POSTGRES_INSTALLATIONS", "").split(":") if text]
    return [*named, *sorted(Path("/usr/lib/postgresql").glob("1[4-9]"))]


@pytest.mark.parametrize("installation", installations() or [None], ids=str)
async def test_life_cycle_works_on_other_postgresql_versions(installation: Path | None, tmp_path: Path) -> None:
    if installation is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgresServer(installation=installation) as postgres:
        deployment = Deployment(tmp_path, await create_database(postgres.url(), "auth"))
        assert deployment.command("migrate").returncode == 0
        with deployment.server() as server:
            async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
                await whole_life(client)
        found = json.loads(deployment.command("doctor", "--json").stdout)

    (version,) = [one for one in found if one["check"] == "database.version"]
    assert version["verdict"] == "ok", version


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[PostgresServer]:
    """Return a server that requires TLS over TCP, with a certificate for localhost only."""
    if not installations():
        pytest.skip("the PostgreSQL of the other tests has no TLS, and no other installation was found")
    certificate, key = authority.issue("localhost")
    config = {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
    owner = UNPRIVILEGED_USER if os.geteuid() == 0 else None
    if owner:
        for path in (certificate, key):
            shutil.chown(path, owner)
        for folder in (certificate.parent, *certificate.parent.parents):
            if folder != Path("/tmp") and folder.is_relative_to("/tmp"):  # noqa: S108 - the root of pytest's temporary folders
                folder.chmod(0o755)
    with PostgresServer(config=config, installation=installations()[-1]) as server:
        yield server


def address(server: PostgresServer, host: str, options: str) -> str:
    return f"postgresql://postgres@{host}:{server.port}/postgres?{options}"


def examine(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return Deployment(folder, url).command("doctor", "--json")


def reachable(done: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    found = {one["check"]: one for one in json.loads(done.stdout)}
    return found["database.reachable"]["verdict"], found["database.reachable"]["message"].partition(": ")[2]


async def test_matching_certificate_is_accepted(
    encrypted: PostgresServer, authority: Authority, tmp_path: Path
) -> None:
    url = address(encrypted, "localhost", f"sslmode=verify-full&sslrootcert={authority.certificate}")
    deployment = Deployment(tmp_path, url)
    deployment.command("migrate").check_returncode()
    with deployment.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
            await whole_life(client)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["wrong host name", "wrong authority"])
async def test_mismatched_certificate_is_reported_as_an_outage(
    encrypted: PostgresServer, authority: Authority, tmp_path: Path, host: str
) -> None:
    root = authority.certificate if host == "127.0.0.1" else Authority(tmp_path).certificate
    url = address(encrypted, host, f"sslmode=verify-full&sslrootcert={root}")
    deployment = Deployment(tmp_path, url)

    verdict, message = reachable(examine(tmp_path, url))
    with deployment.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
            ready = await client.get("/health/ready")
            fields = {"username": "ada", "password": "Correct-Horse-7-Staple"}
            login = await client.post("/api/auth/login", json=fields)

    assert verdict == "fail"
    assert message.startswith("its certificate is not trusted for this host (")
    assert (ready.status_code, login.status_code) == (503, 503)
    assert login.json()["error_code"] in {"DATABASE_UNAVAILABLE", "CIRCUIT_BREAKER_OPEN"}
