"""FT30: a backup is restored that lacks the most recent changes."""

import shutil
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.measurements import record
from tests.support.postgres import program_of_bundle

pytestmark = pytest.mark.slow


def save(deployment: Deployment, backup: Path) -> None:
    """Back up the database while the server is running."""
    if is_file(deployment):
        with sqlite3.connect(path_of(deployment)) as live:
            live.execute("VACUUM INTO ?", (str(backup),))
        return
    run("pg_dump", "--format=custom", f"--file={backup}", deployment.database_url)


def restore(deployment: Deployment, backup: Path) -> None:
    """Replace the database while the server is stopped."""
    if not is_file(deployment):
        run("pg_restore", "--clean", "--if-exists", f"--dbname={deployment.database_url}", str(backup))
        return
    path = path_of(deployment)
    for name in (path, path.with_name("auth.db-wal"), path.with_name("auth.db-shm")):
        name.unlink(missing_ok=True)
    shutil.move(backup, path)


def run(program: str, *arguments: str) -> None:
    subprocess.run([program_of_bundle(program), *arguments], capture_output=True, check=True, timeout=60)


def is_file(deployment: Deployment) -> bool:
    return deployment.database_url.startswith("sqlite")


def path_of(deployment: Deployment) -> Path:
    return Path(deployment.database_url.removeprefix("sqlite:///"))


@pytest.mark.torture
async def test_ft30_tokens_issued_after_the_backup_are_unknown_and_not_reused(
    deployment: Deployment, engine: str, tmp_path: Path
) -> None:
    with deployment.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            ada, grace = Actor(client), Actor(client, username="grace", email="grace@example.com")
            assert (await ada.register()).status == 201
            old = (ada.access_token, ada.refresh_token)
            save(deployment, tmp_path / "backup")
            await ada.refresh()
            assert (await grace.register()).status == 201

            server.stop()
            restore(deployment, tmp_path / "backup")
            server.start()

            assert (await ada.try_refresh()).outcome == (401, "TOKEN_INVALID")
            assert (await grace.log_in()).outcome == (401, "INVALID_CREDENTIALS")
            assert (await grace.profile()).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.profile(old[0])).status == 200
            assert (await ada.try_refresh(old[1])).status == 200
            assert (await grace.register()).status == 201
            done = deployment.command("sessions", "revoke", "--all", "--yes")
            assert (done.returncode, done.stdout) == (0, "2 sessions ended\n")
            assert (await ada.profile(old[0])).outcome == (401, "TOKEN_REVOKED")
            assert (await grace.profile()).outcome == (401, "TOKEN_REVOKED")
        assert "refresh_token:reused" not in server.output()
    outcome = "newer tokens 401, older ones valid until all sessions are revoked, no reuse detected"
    record("FT30", engine=engine, workers=1, seen={}, outcome=outcome, lost=0)
