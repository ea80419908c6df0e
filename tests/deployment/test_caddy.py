"""deploy/Caddyfile, run by Caddy in front of two instances."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from auth_api.doctor.proxy import FORGED_IP
from tests.deployment.conftest import METRICS_TOKEN, PUBLIC_URL, adapted, production, running
from tests.deployment.journey import CLIENT_IP, METRICS_TARGETS, client_of, statuses, visit_of_pages, whole_life
from tests.support.deployment import Deployment
from tests.support.programs import program

pytestmark = pytest.mark.deployment

BEARER = {"Authorization": f"Bearer {METRICS_TOKEN}"}


async def test_caddy_passes_requests_on_and_sets_the_client_ip(
    deployment: Deployment,
    tmp_path: Path,
    certificate: Path,
    ports: tuple[int, int, int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, https, first, second = ports
    caddy = program("caddy")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    site = rf"https://127.0.0.1:{https} {{\n\ttls {certificate} {certificate}"
    changes = {
        r"^auth.example.com \{": site,
        r"^\{": "{\n\tadmin off\n\tauto_https disable_redirects",
        r"127.0.0.1:8001": f"127.0.0.1:{first}",
        r"127.0.0.1:8002": f"127.0.0.1:{second}",
    }
    path = tmp_path / "Caddyfile"
    path.write_text(adapted("Caddyfile", changes))
    environ = production(deployment.database_url, WORKERS="")
    command = [caddy, "run", "--config", str(path), "--adapter", "caddyfile"]
    with ExitStack() as stack:
        for port in (first, second):
            stack.enter_context(deployment.server(port=port, **environ))
        stack.enter_context(running(command, tmp_path / "log", ready=https))
        async with client_of(https, certificate) as client:
            await whole_life(client)
            await visit_of_pages(client, PUBLIC_URL)
            plain = (await client.get("/health/client", headers=BEARER)).json()
            forged = (await client.get("/health/client", headers={**BEARER, "X-Forwarded-For": FORGED_IP})).json()
            hidden = statuses(https, certificate, METRICS_TARGETS, METRICS_TOKEN)
            protected = statuses(https, certificate, ["/health/client", "/health/client/", "//health/client"])

    assert plain == {"address": CLIENT_IP, "peer": "127.0.0.1", "forwarded": CLIENT_IP}
    assert forged == plain
    assert set(hidden.values()) == {404}, hidden
    assert set(protected.values()) == {401}, protected
