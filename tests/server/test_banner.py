"""In development, the server prints its URLs and a command to try."""

import json
import re
import shlex
import shutil
import subprocess
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from auth_api.kit.crypto.sealing import new_data_key
from tests.support.deployment import Deployment
from tests.support.processes import free_port
from tests.support.server_output import json_lines
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

BANNER = """\
auth_api is running at {url}   (Ctrl-C stops it)
  Pages     {url}/account
  Swagger   {url}/schema/swagger
  ReDoc     {url}/schema/redoc
  Mailbox   {url}/dev/mailbox
  Database  {database}

Next, register a user:
  curl -s {url}/api/auth/register -H 'Content-Type: application/json' \\
    -d '{{"email": "alan@example.com", "username": "alan", "password": "Tr0ub4dor&3-horse"}}'
"""


def shown_database(deployment: Deployment) -> str:
    parts = urlsplit(deployment.database_url)
    place = f"127.0.0.1:{parts.port}{parts.path}"
    return f"SQLite: {parts.path[1:]}" if parts.scheme == "sqlite" else f"PostgreSQL: {place}"


def run(command: str) -> str:
    """Run a command of the banner. Without curl, send the same request with httpx."""
    if shutil.which("curl"):
        shell = ["/bin/sh", "-c", command]
        return subprocess.run(shell, capture_output=True, text=True, check=True, timeout=20).stdout
    _, _, url, _, header, _, body = shlex.split(command)
    name, _, value = header.partition(": ")
    return httpx.post(url, headers={name: value}, content=body, trust_env=False, timeout=TIMEOUT_SECONDS).text


@pytest.mark.parametrize("workers", [1, 2], ids=["one worker", "two workers"])
def test_banner_of_development_shows_urls_and_a_working_command(deployment: Deployment, workers: int) -> None:
    with deployment.server(workers=workers, ENVIRONMENT="development") as server:
        output, url = server.output(), f"http://localhost:{server.port}"

        assert output.count(BANNER.format(url=url, database=shown_database(deployment))) == 1
        for page in re.findall(r"http://\S+/(?:account|schema/\S+|dev/\S+)", output):
            shown = httpx.get(page, trust_env=False, timeout=TIMEOUT_SECONDS, follow_redirects=True)
            assert shown.status_code == 200
        command = "curl " + output.partition("\n  curl ")[2].partition("'\n")[0] + "'"
        assert json.loads(run(command))["username"] == "alan"


def test_development_server_is_called_localhost_and_responds_at_127_0_0_1(deployment: Deployment) -> None:
    with deployment.server(ENVIRONMENT="development") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        named = f"http://localhost:{server.port}"
        person = {"email": "ada@example.com", "username": "ada", "password": "Correct-Horse-7-Staple"}
        token = httpx.post(f"{named}/api/auth/register", json=person, trust_env=False, timeout=TIMEOUT_SECONDS).json()[
            "access_token"
        ]
        bearer = {"Authorization": f"Bearer {token}"}
        statuses = [
            httpx.get(
                f"{url}/api/user/profile",
                headers={**bearer, "Origin": origin},
                trust_env=False,
                timeout=TIMEOUT_SECONDS,
            ).status_code
            for url in (named, server.url)
            for origin in (named, server.url)
        ]

    assert jwt.decode(token, options={"verify_signature": False})["iss"] == named
    assert statuses == [200] * 4


@pytest.mark.parametrize(
    "setting",
    [{"REGISTRATION": "invite"}, {"REGISTRATION_DOMAINS": '["example.org"]'}],
    ids=["by invitation", "other domains"],
)
def test_banner_creates_a_user_who_cannot_register(deployment: Deployment, setting: dict[str, Any]) -> None:
    with deployment.server(ENVIRONMENT="development", **setting) as server:
        output = server.output()

    assert "/api/auth/register" not in output
    arguments = output.partition("\nNext, create a user:\n  auth-api ")[2].partition("\n")[0].split()
    created = deployment.command(*arguments, "--password-stdin", stdin="Tr0ub4dor&3-horse\n")
    assert created.returncode == 0


def test_banner_without_a_database_names_the_reason_and_nothing_to_try(deployment: Deployment) -> None:
    place = f"127.0.0.1:{free_port()}/auth"

    with deployment.server(ENVIRONMENT="development", DATABASE_URL=f"postgresql://ada:hunter2@{place}") as server:
        output = server.output()

    assert (
        f"PostgreSQL at {place}: the connection was refused. Check host and port in DATABASE_URL, and whether the "
        "server is running. Starting without it; /health/ready returns 503 until it responds.\n"
    ) in output
    assert f"  Database  PostgreSQL: {place} (unavailable)\n" in output
    assert "register" not in output
    assert "hunter2" not in output


def test_production_prints_no_banner(deployment: Deployment) -> None:
    public_url, secret = "https://auth.corp.net", "kBz4/9fG7q-Vw2Xr8Lm3Tn6Yp1-Hj5Kd0Sa"
    deployment.command("migrate").check_returncode()  # production does not create a database
    variables: dict[str, Any] = {"JWT_SECRET_KEY": secret, "DATA_ENCRYPTION_KEYS": new_data_key()}

    with deployment.server(ENVIRONMENT="production", PUBLIC_URL=public_url, **variables) as server:
        wait_until(lambda: len(json_lines(server.output())) > 0)
