"""Sessions and users survive a restart, and a development server's files are private."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}


@pytest.fixture
def secret_file(deployment: Deployment) -> Path:
    """The file of the development secret: beside an SQLite database, else in the working folder."""
    parts = urlsplit(deployment.database_url)
    return Path(f"{parts.path}.secret") if parts.scheme == "sqlite" else deployment.folder / "auth_api.secret"


def test_sessions_survive_a_restart(deployment: Deployment, secret_file: Path) -> None:
    with (
        deployment.server(ENVIRONMENT="development", JWT_SECRET_KEY="") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        tokens = client.post("/api/auth/register", json=ADA).json()
        secret = secret_file.read_text()

        server.stop()
        server.start()

        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/api/user/profile", headers=bearer).status_code == 200
        renewed = client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert renewed.status_code == 200
        assert secret_file.read_text() == secret


def test_acknowledged_registration_survives_a_kill(deployment: Deployment) -> None:
    with (
        deployment.server() as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        tokens = client.post("/api/auth/register", json=ADA).json()

        server.kill()
        server.start()

        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/api/user/profile", headers=bearer).json()["username"] == "ada"


def test_files_of_a_development_server_are_readable_only_by_their_owner(
    deployment: Deployment, secret_file: Path
) -> None:
    with deployment.server(ENVIRONMENT="development", JWT_SECRET_KEY="") as server:
        kept = {path.name: stat.filemode(path.stat().st_mode) for path in deployment.folder.iterdir()}

        assert kept.pop("auth.db.migrate-lock", None) in {None, "-rw-r--r--", "-rw-------"}  # an empty file
        assert secret_file.name in kept
        assert set(kept.values()) == {"-rw-------"}
        assert len(secret_file.read_bytes()) >= 32
        assert secret_file.read_text() not in server.output()
