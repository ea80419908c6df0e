"""The log of a server: one JSON object per line, one line per request, no secrets."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.server.conftest import Served
from tests.support.actors import PASSWORD
from tests.support.deployment import SECRET, Deployment
from tests.support.server_output import json_lines
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
WRONG_PASSWORD = "Wrong-Horse-7-Staple"


def use_api(client: httpx.Client) -> tuple[dict[str, int], set[str]]:
    """Send requests of all kinds. Return the status by request id, and all secrets that were sent or received."""
    responses: dict[str, int] = {}
    secrets = {PASSWORD, WRONG_PASSWORD, SECRET, "in-the-query"}

    def send(method: str, path: str, **arguments: Any) -> dict[str, Any]:
        headers = {"X-Request-ID": f"request-{len(responses)}", **arguments.pop("headers", {})}
        response = client.request(method, path, headers=headers, **arguments)
        responses[headers["X-Request-ID"]] = response.status_code
        document = response.json() if response.content.startswith(b"{") else {}
        secrets.update(value for name, value in document.items() if name in {"access_token", "refresh_token"})
        return dict(document)

    tokens = send("POST", "/api/auth/register", json=ADA)
    send("POST", "/api/auth/register", json=ADA)
    send("POST", "/api/auth/register", json={**ADA, "password": [PASSWORD]})
    send("POST", "/api/auth/login", json={"username": "ada", "password": WRONG_PASSWORD})
    send("POST", "/api/auth/login", content=json.dumps(ADA)[:-1], headers={"Content-Type": "application/json"})
    tokens = send("POST", "/api/auth/login", json={"username": "ada", "password": PASSWORD})
    send("POST", "/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    send("GET", "/api/user/profile?token=in-the-query", headers=bearer)
    send("HEAD", "/api/user/profile", headers=bearer)
    send("GET", "/nowhere", headers=bearer)
    send("PUT", "/api/user/profile", headers={"Authorization": f"Bearer {tokens['refresh_token']}"})
    send("GET", "/schema/swagger")
    send("POST", "/api/auth/logout", headers=bearer)
    return responses, secrets


@pytest.mark.parametrize("workers", [1, 2], ids=["one worker", "two workers"])
def test_log_is_flat_json_with_an_event_per_line_one_line_per_request_and_no_secret(
    deployment: Deployment, workers: int
) -> None:
    with (
        deployment.server(workers=workers, LOG_LEVEL="DEBUG") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        responses, secrets = use_api(client)
    assert len(responses) == 13

    lines = json_lines(server.output())
    assert [value for line in lines for value in line.values() if isinstance(value, dict | list)] == []
    assert [line for line in lines if not re.fullmatch(r"[a-z_]+:[a-z_]+", line.get("event", ""))] == []
    requests = [line for line in lines if line.get("event") == "request:completed"]
    written = sorted((line["request_id"], line["status"]) for line in requests if line["path"] != "/health/live")
    assert written == sorted(responses.items())
    assert [secret for secret in secrets if secret in server.output()] == []


async def test_access_line_has_the_documented_fields(served: Served, parallel_client: httpx.AsyncClient) -> None:
    probe = f"probe-{served.server.port}"
    await parallel_client.get("/health/ready?probe=1", headers={"X-Request-ID": probe})

    wait_until(lambda: probe in served.server.output())
    (line,) = [line for line in json_lines(served.server.output()) if line.get("request_id") == probe]
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("logger").startswith("auth_api.")
    assert 0 < line.pop("duration_ms") < 10_000
    assert line == {
        "level": "INFO",
        "message": "request",
        "request_id": probe,
        "event": "request:completed",
        "method": "GET",
        "route": "/health/ready",
        "path": "/health/ready",
        "status": 200,
        "client_ip": "127.0.0.1",
    }


def test_log_level_warning_suppresses_access_lines(deployment: Deployment) -> None:
    with deployment.server(LOG_LEVEL="WARNING") as server:
        httpx.get(f"{server.url}/health/ready", trust_env=False, timeout=TIMEOUT_SECONDS)

    assert server.output() == ""


def test_log_format_text_writes_readable_lines(deployment: Deployment) -> None:
    with deployment.server(LOG_FORMAT="text") as server:
        httpx.get(f"{server.url}/nowhere", headers={"X-Request-ID": "lost-1"}, trust_env=False, timeout=TIMEOUT_SECONDS)

    (line,) = [line for line in server.output().splitlines() if "lost-1" in line]
    assert not line.startswith("{")
    assert "INFO" in line
    assert "request event=request:completed method=GET" in line
    assert "path=/nowhere status=404" in line
