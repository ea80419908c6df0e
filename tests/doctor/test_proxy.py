"""The check of the proxies, and `/health/client`, which it requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import httpx
import pytest

from auth_api.doctor.findings import Finding
from auth_api.doctor.proxy import FORGED_IP, check_proxy, evaluate_proxy
from auth_api.operations.health.schemas import SeenClient
from tests.conftest import CLIENT_IP, OtherAppFactory
from tests.support.certificates import make_certificate
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

TOKEN = "a-token-of-the-tests-42"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET_KEY": "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps",
    "PUBLIC_URL": "https://auth.company.test",
}


async def test_health_client_returns_the_client_ip_to_operators(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION, METRICS_TOKEN=TOKEN, METRICS_PORT="9464", TRUSTED_PROXIES=CLIENT_IP) as other:
        plain = await other.client.get("/health/client", headers=BEARER)
        hops = {"X-Forwarded-For": f"{FORGED_IP}, 198.51.100.9"}
        forwarded = await other.client.get("/health/client", headers={**BEARER, **hops})

    assert plain.json() == {"address": CLIENT_IP, "peer": CLIENT_IP, "forwarded": None}
    assert forwarded.json() == {
        "address": "198.51.100.9",
        "peer": CLIENT_IP,
        "forwarded": f"{FORGED_IP}, 198.51.100.9",
    }


async def test_health_client_needs_the_metrics_token(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION, METRICS_TOKEN=TOKEN) as other:
        without_token = await other.client.get("/health/client")
        wrong_token = await other.client.get("/health/client", headers={"Authorization": "Bearer another-one"})

    assert_problem(without_token, 401, "AUTHENTICATION_REQUIRED")
    assert_problem(wrong_token, 401, "TOKEN_INVALID")


async def test_health_client_is_off_in_production_without_a_token(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION) as other:
        response = await other.client.get("/health/client")

    assert_problem(response, 404, "NOT_FOUND")


async def test_health_client_is_open_in_development(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/client")).json()["address"] == CLIENT_IP


@contextmanager
def server(status: int, context: SSLContext | None = None) -> Iterator[tuple[str, list[dict[str, str | None]]]]:
    """Run a server that responds as if its trusted proxy had appended 198.51.100.9; yield its URL and requests."""
    requests: list[dict[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(
                {name: self.headers[name] for name in ("Authorization", "X-Forwarded-For")} | {"at": self.path}
            )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"address": "198.51.100.9", "peer": "10.0.0.2", "forwarded": "…"}).encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{listening.server_port}", requests
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def outcome(finding: Finding) -> tuple[str, str]:
    return finding.verdict.value, finding.message


def test_server_is_requested_normally_and_with_a_forged_address() -> None:
    with server(200) as (url, requests):
        found = check_proxy(f"{url}/", TOKEN)

    assert outcome(found) == (
        "ok",
        "The server sees this machine as 198.51.100.9 through the proxy 10.0.0.2. A forged address is ignored.",
    )
    assert requests == [
        {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": header, "at": "/health/client"}
        for header in (None, FORGED_IP)
    ]


@pytest.mark.parametrize(
    ("status", "verdict", "message"),
    [
        (401, "note", "Unknown: the server rejected METRICS_TOKEN."),
        (404, "note", "Unknown: the server has no METRICS_TOKEN, or the proxy does not forward /health/client."),
        (403, "fail", "The server rejects requests that come through the proxy (403)."),
        (502, "fail", "The server returned 502."),
    ],
)
def test_other_status_is_explained(status: int, verdict: str, message: str) -> None:
    with server(status) as (url, _):
        assert outcome(check_proxy(url, None)) == (verdict, message)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9", "the connection was refused"),
        ("http://no-such-host.invalid", "the host name cannot be resolved"),
        (f"http://{64 * 'a'}.example.com", "the host name cannot be resolved"),
        ("ftp://127.0.0.1", "it is not an http or https URL"),
        ("127.0.0.1:8000", "it is not an http or https URL"),
        ("http://127.0.0.1:x", "it is not an http or https URL"),
    ],
)
def test_unreachable_server_is_a_failure_with_its_reason(url: str, reason: str) -> None:
    assert outcome(check_proxy(url, None)) == ("fail", f"{url} did not respond as this server does: {reason}.")


def test_server_without_tls_is_a_failure_with_its_reason() -> None:
    with server(200) as (url, _):
        https = url.replace("http://", "https://")
        _, message = outcome(check_proxy(https, None))

    assert message == f"{https} did not respond as this server does: it does not use TLS at this point."


def test_untrusted_certificate_is_a_failure(tmp_path: Path) -> None:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    with server(200, context) as (url, _):
        verdict, message = outcome(check_proxy(url, None))

    assert verdict == "fail"
    assert message.startswith(f"The certificate of {url} is not valid (self")


@pytest.mark.parametrize(
    ("plain", "forged", "verdict", "message"),
    [
        (
            ("10.0.0.2", None),
            ("10.0.0.2", FORGED_IP),
            "warn",
            "The server sees this machine as 10.0.0.2; no proxy forwards an IP address.",
        ),
        (
            ("10.0.0.2", "10.0.0.2"),
            ("10.0.0.2", "…"),
            "note",
            "Unknown: this machine and the proxy have the same IP address",
        ),
        (
            ("10.0.0.2", "1.2.3.4"),
            ("10.0.0.2", "…"),
            "fail",
            "All clients appear as 10.0.0.2: the proxy's X-Forwarded-For (1.2.3.4)",
        ),
        (
            ("1.2.3.4", "1.2.3.4"),
            (FORGED_IP, FORGED_IP),
            "fail",
            "Clients can forge their IP address with X-Forwarded-For",
        ),
    ],
    ids=["no proxy", "the same machine", "not trusted", "forgeable"],
)
def test_seen_addresses_are_evaluated(
    plain: tuple[str, str | None], forged: tuple[str, str | None], verdict: str, message: str
) -> None:
    found = evaluate_proxy(
        *(SeenClient(address=address, peer="10.0.0.2", forwarded=header) for address, header in (plain, forged))
    )

    assert (found.verdict.value, found.message[: len(message)]) == (verdict, message)
    assert found.fix
