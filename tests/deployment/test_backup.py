"""The backup and restore commands of docs/deployment.md, and the effect of a restore on sessions (FT30)."""

import re
import shlex
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.postgres import PostgresServer, create_database
from tests.support.programs import program

pytestmark = pytest.mark.deployment

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "deployment.md").read_text(encoding="utf-8")


@pytest.fixture(params=["sqlite3", "pg_dump"])
async def saved(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deployment]:
    """Return a deployment whose database the installed program can back up: pg_dump rejects newer servers."""
    path = Path(program(request.param))
    if path.name == "sqlite3":
        yield Deployment(tmp_path, f"sqlite:///{tmp_path / 'auth.db'}")
        return
    with PostgresServer(installation=installation_of(path)) as server:
        deployment = Deployment(tmp_path, await create_database(server.url(), "auth"))
        deployment.command("migrate").check_returncode()
        yield deployment


def installation_of(pg_dump: Path) -> Path:
    """Return the PostgreSQL installation that pg_dump belongs to; skip the test if its server is missing."""
    version = subprocess.run([pg_dump, "--version"], capture_output=True, text=True, check=True).stdout
    installation = Path("/usr/lib/postgresql") / version.split()[2].split(".")[0]
    if not installation.is_dir():
        pytest.skip(f"no server is installed for {version.strip()}")
    return installation


def run_documented(start: str, deployment: Deployment) -> None:
    """Run the one command of the page that begins with `start`, on the database of this test."""
    (line,) = re.findall(rf"^({re.escape(start)}[^#\n]*)", DOCUMENT, re.MULTILINE)
    path = urlsplit(deployment.database_url).path
    substitutes = {"/var/lib/auth-api/auth.db": path, "$DATABASE_URL": deployment.database_url}
    for documented, actual in substitutes.items():
        line = line.replace(documented, actual)
    name, *arguments = shlex.split(line)
    command = [program(name), *arguments]
    done = subprocess.run(command, cwd=deployment.folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


async def test_restore_revives_sessions_until_all_are_revoked(saved: Deployment) -> None:
    is_sqlite = saved.database_url.startswith("sqlite")
    with saved.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
            ada, bob = Actor(client), Actor(client, username="bob", email="bob@example.com")
            assert (await ada.register()).status == 201
            thief = Actor(client, access_token=ada.access_token, refresh_token=ada.refresh_token)
            run_documented("sqlite3 " if is_sqlite else "pg_dump ", saved)
            assert (await bob.register()).status == 201
            assert (await ada.log_out()).status == 200
            assert (await thief.profile()).outcome == (401, "TOKEN_REVOKED")
            server.stop()
            for left in saved.folder.glob("auth.db-*"):
                left.unlink()
            run_documented("cp backup.db " if is_sqlite else "pg_restore ", saved)
            server.start()

            assert (await thief.profile()).status == 200, "the restore must bring back a session that was ended"
            assert (await bob.profile()).outcome == (401, "TOKEN_REVOKED"), (
                "an account that was registered after the backup must be gone"
            )
            done = saved.command("sessions", "revoke", "--all", "--yes")
            assert (done.returncode, done.stdout) == (0, "1 session ended\n")
            assert (await thief.profile()).outcome == (401, "TOKEN_REVOKED")
            assert (await thief.try_refresh()).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.log_in()).status == 200
