"""What the doctor learns of the proxies before a running server, which tells nobody else."""

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
from auth_api.doctor.proxy import FORGED, check_proxy, evaluate_proxy
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


async def test_who_has_the_token_is_told_who_they_are(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION, METRICS_TOKEN=TOKEN, METRICS_PORT="9464", TRUSTED_PROXIES=CLIENT_IP) as other:
        plain = await other.client.get("/health/client", headers=BEARER)
        hops = {"X-Forwarded-For": f"{FORGED}, 198.51.100.9"}
        forwarded = await other.client.get("/health/client", headers={**BEARER, **hops})

    assert plain.json() == {"address": CLIENT_IP, "peer": CLIENT_IP, "forwarded": None}
    assert forwarded.json() == {
        "address": "198.51.100.9",
        "peer": CLIENT_IP,
        "forwarded": f"{FORGED}, 198.51.100.9",
    }


async def test_who_lacks_it_is_told_nothing(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION, METRICS_TOKEN=TOKEN) as other:
        nobody = await other.client.get("/health/client")
        somebody = await other.client.get("/health/client", headers={"Authorization": "Bearer another-one"})

    assert_problem(nobody, 401, "AUTHENTICATION_REQUIRED")
    assert_problem(somebody, 401, "TOKEN_INVALID")


async def test_production_without_a_token_tells_nobody(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION) as other:
        response = await other.client.get("/health/client")

    assert_problem(response, 404, "NOT_FOUND")


async def test_development_tells_everybody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/client")).json()["address"] == CLIENT_IP


@contextmanager
def server(status: int, context: SSLContext | None = None) -> Iterator[tuple[str, list[dict[str, str | None]]]]:
    """Run a server that answers as if a proxy, which it trusts, appended 198.51.100.9; yield what it was sent."""
    asked: list[dict[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(
                {name: self.headers[name] for name in ("Authorization", "X-Forwarded-For")} | {"at": self.path}
            )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"address": "198.51.100.9", "peer": "10.0.0.2", "forwarded": "…"}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{listening.server_port}", asked
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def told(finding: Finding) -> tuple[str, str]:
    return finding.verdict.value, finding.says


def test_the_server_is_asked_plainly_and_with_a_forged_address() -> None:
    with server(200) as (url, asked):
        found = check_proxy(f"{url}/", TOKEN)

    assert told(found) == ("ok", "this machine is 198.51.100.9, says the proxy 10.0.0.2; a forged address is ignored")
    assert asked == [
        {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": forged, "at": "/health/client"}
        for forged in (None, FORGED)
    ]


@pytest.mark.parametrize(
    ("status", "verdict", "says"),
    [
        (401, "note", "not known: the server does not take this METRICS_TOKEN"),
        (404, "note", "not known: the server tells nobody, for it has no METRICS_TOKEN"),
        (403, "fail", "the server refuses what comes by this way (403)"),
        (502, "fail", "the server answers 502"),
    ],
)
def test_an_answer_that_tells_nothing_is_explained(status: int, verdict: str, says: str) -> None:
    with server(status) as (url, _):
        assert told(check_proxy(url, None)) == (verdict, says)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:x"])
def test_an_address_where_nothing_answers_is_told(url: str) -> None:
    verdict, says = told(check_proxy(url, None))

    assert (verdict, says[: len(url)]) == ("fail", url)


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    with server(200, context) as (url, _):
        verdict, says = told(check_proxy(url, None))

    assert verdict == "fail"
    assert says.startswith(f"the certificate of {url} is not good (self")


@pytest.mark.parametrize(
    ("plain", "forged", "verdict", "says"),
    [
        (
            ("10.0.0.2", None),
            ("10.0.0.2", FORGED),
            "warn",
            "this machine is 10.0.0.2, and no proxy forwards an address",
        ),
        (
            ("10.0.0.2", "10.0.0.2"),
            ("10.0.0.2", "…"),
            "note",
            "not known: this machine and the proxy have one address",
        ),
        (
            ("10.0.0.2", "1.2.3.4"),
            ("10.0.0.2", "…"),
            "fail",
            "all clients seem to be 10.0.0.2: the proxy's word (1.2.3.4)",
        ),
        (("1.2.3.4", "1.2.3.4"), (FORGED, FORGED), "fail", "whoever sends X-Forwarded-For is who they say they are"),
    ],
    ids=["no proxy", "the same machine", "not trusted", "forgeable"],
)
def test_what_the_server_sees_is_judged(
    plain: tuple[str, str | None], forged: tuple[str, str | None], verdict: str, says: str
) -> None:
    found = evaluate_proxy(*(SeenClient(address=who, peer="10.0.0.2", forwarded=what) for who, what in (plain, forged)))

    assert (found.verdict.value, found.says[: len(says)]) == (verdict, says)
    assert found.fix
