"""Measure the requests of applications to the OAuth provider: `python -m benchmarks.oauth`.

Sends one request at a time to a production server with one process, on PostgreSQL with durable commits and on SQLite.
Prints the median and the 95th percentile of the time of a request, and the processor time of the server, which other
programs on the machine disturb least.
"""

import asyncio
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from auth_api.composition import create_services
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.crypto.generation import new_key
from auth_api.kit.logging import configure_logging
from auth_api.settings import Settings
from benchmarks.contestants import Service, our_environment
from benchmarks.machine import OTHER_CORES, family, processor_seconds
from benchmarks.seeding import seed
from tests.support.actors import PASSWORD
from tests.support.browser_sessions import log_in_in_browser
from tests.support.oauth_clients import CALLBACK, add_resource, register_client
from tests.support.postgres import PostgresServer, create_database

REQUESTS: Final = 300
WARM_UP: Final = 20
"""The first requests of a kind, which are not measured."""

HOST: Final = "auth.example.org"
VERIFIER: Final = "v" * 43

MAX_P95_MILLISECONDS: Final = {
    "authorize, nothing to ask": 25,
    "code": 20,
    "refresh, with rotation": 12,
    "introspect": 6,
    "client_credentials": 4,
    "discovery": 1,
    "JWKS": 1,
}
"""The targets on PostgreSQL."""

Seeded = dict[str, dict[str, str]]


async def prepare(settings: Settings) -> tuple[str, Seeded]:
    """Create a user and applications. Return the session of a browser, and what the applications send by their kind."""
    await seed(settings, 1, PASSWORD)
    services = create_services(settings)
    async with services.running():
        await add_resource(services, "https://orders.example.com", "orders:read")
        scopes, seeded = ["openid", "offline_access"], {}
        for kind, fields in (
            ("web", {"scopes": scopes, "first_party": True}),
            ("spa", {"scopes": scopes, "first_party": True}),
            ("machine", {"scopes": ["orders:read"]}),
        ):
            made = await register_client(services, kind, **fields)
            secret = {"client_secret": made.secret} if made.secret else {}
            seeded[kind] = {"client_id": made.client.client_id, **secret}
        return await log_in_in_browser(services, "person0"), seeded


class Requests:
    """Sends requests on one connection, and keeps the seconds that they took by their name."""

    def __init__(self, service: Service) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port)
        self._pid = service.pid
        self.seconds: dict[str, list[float]] = {}
        self.processor: dict[str, float] = {}
        """Processor time of the server per request, in seconds."""

    def measure(self, name: str, sends: Iterable[Callable[[], Any]]) -> list[Any]:
        """Send requests one after another, and return what they return."""
        results, seconds = [], []
        used = self._used()
        for send in sends:
            began = time.perf_counter()
            results.append(send())
            seconds.append(time.perf_counter() - began)
        self.seconds[name], self.processor[name] = seconds[WARM_UP:], (self._used() - used) / len(seconds)
        return results

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Send a GET request. Its response has no body, or one that is not needed."""
        return self._send("GET", path, None, headers)[0]

    def post(self, path: str, **form: str) -> dict[str, str]:
        """Send a form, and return the fields of the response."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        fields: dict[str, str] = json.loads(self._send("POST", path, urlencode(form), headers)[1])
        return fields

    def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(method, path, body, {"Host": HOST, **headers})
        response = self._connection.getresponse()
        content = response.read()
        if response.status not in {200, 303}:
            raise AssertionError(response.status, content)
        return response, content

    def _used(self) -> float:
        return sum(map(processor_seconds, family(self._pid)))


def measure(requests: Requests, session: str, seeded: Seeded) -> None:
    """Measure all kinds of requests."""

    def repeated(send: Callable[[], Any]) -> list[Callable[[], Any]]:
        return [send] * (WARM_UP + REQUESTS)

    def authorize(kind: str) -> Callable[[], str]:
        parameters = {
            "client_id": seeded[kind]["client_id"],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid offline_access",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }

        def send() -> str:
            response = requests.get(
                f"/oauth2/authorize?{urlencode(parameters)}", Cookie=f"__Host-auth_session={session}"
            )
            return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]

        return send

    def redeem(kind: str, code: str) -> dict[str, str]:
        form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **seeded[kind]}
        return requests.post("/oauth2/token", grant_type="authorization_code", **form)

    tokens = redeem("spa", authorize("spa")())

    def refresh() -> None:
        form = {"refresh_token": tokens["refresh_token"], **seeded["spa"]}
        tokens.update(requests.post("/oauth2/token", grant_type="refresh_token", **form))

    codes = requests.measure("authorize, nothing to ask", repeated(authorize("web")))
    granted = requests.measure("code", [lambda code=code: redeem("web", code) for code in codes])  # type: ignore[misc]
    requests.measure("refresh, with rotation", repeated(refresh))
    kept = {"refresh_token": granted[0]["refresh_token"], **seeded["web"]}
    requests.measure(
        "refresh, without", repeated(lambda: requests.post("/oauth2/token", grant_type="refresh_token", **kept))
    )
    token = granted[0]["access_token"]
    introspected = {"token": token, **seeded["web"]}
    requests.measure("introspect", repeated(lambda: requests.post("/oauth2/introspect", **introspected)))
    requests.measure("userinfo", repeated(lambda: requests.get("/oauth2/userinfo", Authorization=f"Bearer {token}")))
    requests.measure(
        "client_credentials",
        repeated(lambda: requests.post("/oauth2/token", grant_type="client_credentials", **seeded["machine"])),
    )
    requests.measure("discovery", repeated(lambda: requests.get("/.well-known/openid-configuration")))
    requests.measure("JWKS", repeated(lambda: requests.get("/.well-known/jwks.json")))


def report(engine: str, requests: Requests) -> None:
    """Print the times of all requests."""
    for name, seconds in requests.seconds.items():
        target = MAX_P95_MILLISECONDS.get(name)
        parts = [
            f"{engine:<11}{name:<26}p50 {1e3 * median(seconds):6.2f} ms",
            f"p95 {1e3 * quantiles(seconds, n=20)[18]:6.2f} ms" + (f" of at most {target}" if target else ""),
            f"processor time {1e3 * requests.processor[name]:5.2f} ms",
        ]
        sys.stdout.write("   ".join(parts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure on both engines, and print."""
    os.sched_setaffinity(0, OTHER_CORES)
    keys = new_key("RS256") + new_key("ES256")
    with (
        open(os.devnull, "wb") as nowhere,  # noqa: PTH123 - opened once
        PostgresServer(durable=True) as postgres,
        TemporaryDirectory(prefix="auth-api-oauth-") as folder,
    ):
        configure_logging(level="INFO", as_json=True, descriptor=nowhere.fileno())
        urls = {
            "PostgreSQL": asyncio.run(create_database(postgres.url(), "oauth")),
            "SQLite": f"sqlite:///{Path(folder) / 'auth.db'}",
        }
        for engine, url in urls.items():
            environ = our_environment(url, OAUTH_ENABLED="true", OAUTH_SIGNING_KEYS=keys)
            session, seeded = asyncio.run(prepare(Settings.from_env(environ)))
            command = [sys.executable, "-m", "auth_api", "serve", "--port", "{port}"]
            with Service(command, environ, probe="/health/live") as service:
                requests = Requests(service)
                measure(requests, session, seeded)
            report(engine, requests)


if __name__ == "__main__":
    main()
