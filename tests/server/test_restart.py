"""A development server that is stopped and started again."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment

pytestmark = pytest.mark.slow

ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}


@pytest.fixture
def secret_file(deployment: Deployment) -> Path:
    """Where the secret is kept: beside an embedded database, else in the folder."""
    parts = urlsplit(deployment.database_url)
    return Path(f"{parts.path}.secret") if parts.scheme == "sqlite" else deployment.folder / "auth_api.secret"


def test_a_restart_logs_nobody_out(deployment: Deployment, secret_file: Path) -> None:
    with (
        deployment.server(ENVIRONMENT="development", JWT_SECRET_KEY="") as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
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


def test_what_was_acknowledged_survives_a_crash(deployment: Deployment) -> None:
    with deployment.server() as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        tokens = client.post("/api/auth/register", json=ADA).json()

        server.kill()
        server.start()

        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/api/user/profile", headers=bearer).json()["username"] == "ada"


def test_what_a_development_server_keeps_is_nobody_elses_to_read(deployment: Deployment, secret_file: Path) -> None:
    with deployment.server(ENVIRONMENT="development", JWT_SECRET_KEY="") as server:
        kept = {path.name: stat.filemode(path.stat().st_mode) for path in deployment.folder.iterdir()}

        assert kept.pop("auth.db.migrate-lock", None) in {None, "-rw-r--r--", "-rw-------"}  # it is empty
        assert secret_file.name in kept
        assert set(kept.values()) == {"-rw-------"}
        assert len(secret_file.read_bytes()) >= 32
        assert secret_file.read_text() not in server.output()
