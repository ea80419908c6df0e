"""deploy/nginx.conf, run by nginx in front of two instances."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from auth_api.doctor.proxy import FORGED_IP
from tests.conftest import DeploymentFactory
from tests.deployment.conftest import METRICS_TOKEN, PUBLIC_URL, adapted, production, running
from tests.deployment.journey import (
    CLIENT_IP,
    METRICS_TARGETS,
    client_of,
    slow_request,
    statuses,
    trusting,
    visit_of_pages,
    whole_life,
)
from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.programs import program

pytestmark = pytest.mark.deployment

BEARER = {"Authorization": f"Bearer {METRICS_TOKEN}"}

Site = tuple[httpx.AsyncClient, list[RunningServer], int, Deployment]


@pytest.fixture(scope="module")
async def deployment(deployment_factory: DeploymentFactory) -> Deployment:
    return await deployment_factory()


@pytest.fixture
def configuration(tmp_path: Path, certificate: Path, ports: tuple[int, int, int, int]) -> Path:
    http, https, first, second = ports
    path = tmp_path / "nginx.conf"
    path.write_text(
        adapted(
            "nginx.conf",
            {
                r"^pid .*": f"pid {tmp_path}/nginx.pid; error_log stderr info; daemon off; user root;",
                r"^    listen|^        listen \[::\].*\n": "",
                r"listen 80;": f"listen 127.0.0.1:{http};",
                r"listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
                r"/etc/nginx/auth.example.com.(pem|key)": str(certificate),
                r"server_name auth.example.com;": "server_name 127.0.0.1;",
                r"127.0.0.1:8001": f"127.0.0.1:{first}",
                r"127.0.0.1:8002": f"127.0.0.1:{second}",
                r"^http \{": "http { "
                + " ".join(
                    f"{kind}_temp_path {tmp_path}/{kind};"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                ),
            },
        )
    )
    return path


@pytest.fixture
def instances(deployment: Deployment, ports: tuple[int, int, int, int]) -> Iterator[list[RunningServer]]:
    environ = production(deployment.database_url)
    with ExitStack() as stack:
        yield [stack.enter_context(deployment.server(port=port, **environ, WORKERS="")) for port in ports[2:]]


@pytest.fixture
async def site(
    configuration: Path, certificate: Path, instances: list[RunningServer], request: pytest.FixtureRequest
) -> AsyncIterator[Site]:
    tmp_path, deployment = configuration.parent, request.getfixturevalue("deployment")
    ports: tuple[int, ...] = request.getfixturevalue("ports")
    nginx = [program("nginx"), "-e", "stderr", "-c", str(configuration), "-p", str(tmp_path)]
    with running(nginx, tmp_path / "log", ready=ports[0]):
        async with client_of(ports[1], certificate) as client:
            yield client, instances, ports[0], deployment


def test_nginx_accepts_the_configuration(configuration: Path, tmp_path: Path) -> None:
    nginx = [program("nginx"), "-e", "stderr", "-t", "-c", str(configuration), "-p", str(tmp_path)]
    done = subprocess.run(nginx, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


async def test_nginx_passes_requests_on_and_sets_the_client_ip(site: Site, certificate: Path) -> None:
    client, _, http, deployment = site

    await whole_life(client)
    await visit_of_pages(client, PUBLIC_URL)
    plain = (await client.get("/health/client", headers=BEARER)).json()
    forged = (await client.get("/health/client", headers={**BEARER, "X-Forwarded-For": FORGED_IP})).json()
    async with httpx.AsyncClient(trust_env=False) as unencrypted:
        redirect = await unencrypted.get(f"http://127.0.0.1:{http}/health/live")
    port = client.base_url.port or 0
    hidden = statuses(port, certificate, METRICS_TARGETS, METRICS_TOKEN)
    protected = statuses(port, certificate, ["/health/client", "/health/client/", "//health/client"])
    recorded = await deployment.rows("SELECT DISTINCT ip_address FROM audit_logs")
    examination = deployment.command(
        "doctor", "--json", "--url", str(client.base_url), SSL_CERT_FILE=str(certificate), METRICS_TOKEN=METRICS_TOKEN
    )

    assert plain == {"address": CLIENT_IP, "peer": "127.0.0.1", "forwarded": CLIENT_IP}
    assert forged == plain
    assert (redirect.status_code, redirect.headers["location"]) == (308, "https://auth.example.com/health/live")
    assert set(hidden.values()) == {404}, hidden
    assert set(protected.values()) == {401}, protected
    (proxy,) = [found for found in json.loads(examination.stdout) if found["check"] == "proxy.address"]
    assert proxy["message"] == "Unknown: this machine and the proxy have the same IP address, 127.0.0.1."
    assert recorded == [(CLIENT_IP,)]


async def test_nginx_buffers_slow_clients(site: Site, certificate: Path) -> None:
    client, instances, *_ = site
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{"
    port = int(str(client.base_url).rsplit(":", 1)[1].rstrip("/"))
    slow = [slow_request(port, trusting(certificate), head=head) for _ in range(50)]
    try:
        responses = [(await client.get("/health/live")).status_code for _ in range(20)]
        logged = "".join(server.output() for server in instances)
    finally:
        for connection in slow:
            connection.close()

    assert responses == [200] * 20
    assert "/api/auth/login" not in logged, "an instance received a request that nginx should have buffered"


async def test_rolling_restart_fails_no_read(site: Site) -> None:
    client, instances, *_ = site
    statuses: list[int] = []
    done = asyncio.Event()

    async def call() -> None:
        while not done.is_set():
            statuses.append((await client.get("/health/live")).status_code)

    callers = [asyncio.create_task(call()) for _ in range(4)]
    for server in instances:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
    done.set()
    await asyncio.gather(*callers)

    assert len(statuses) > 50
    assert set(statuses) == {200}


async def test_rolling_restart_neither_fails_nor_repeats_a_write(site: Site) -> None:
    client, instances, *_ = site
    outcomes: list[int] = []
    done = asyncio.Event()

    async def register(number: int) -> None:
        count = 0
        while not done.is_set():
            name = f"person{number}x{count}"
            person = Actor(client, username=name, email=f"{name}@example.com")
            outcomes.append((await person.register()).status)
            count += 1

    callers = [asyncio.create_task(register(number)) for number in range(2)]
    for server in instances:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
    done.set()
    await asyncio.gather(*callers)

    assert len(outcomes) > 5
    assert set(outcomes) == {201}
