"""better-auth on Node.js and PostgreSQL."""

import json
from collections.abc import Callable

import httpx

from benchmarks.contestants import LOGIN, NUMBER, PASSWORD, PROFILE, REFRESH, REGISTER, Contestant, Service, registering
from benchmarks.load import Traffic, request
from benchmarks.peers.installing import node_project

PEOPLE = 24
HOST = "127.0.0.1"
SECRET = "another-secret-for-a-peer-0123456789"  # noqa: S105


def better_auth(name: str, database_url: str, *, prolongs: bool = False) -> Contestant:
    """Return better-auth on this database.

    Args:
        name: name in the tables.
        database_url: URL of an empty PostgreSQL database.
        prolongs: whether each session check extends the session, which is measured as its refresh.
    """
    folder = node_project("better-auth")
    environ = {"NODE_ENV": "production", "PORT": "{port}", "DATABASE_URL": database_url, "SECRET": SECRET}
    service = Service(
        ["node", str(folder / "server.mjs")],
        {**environ, **({"UPDATE_AGE": "0"} if prolongs else {})},
        probe="/alive",
    )
    people: dict[str, str] = {}

    def ready() -> dict[str, str]:
        if not people:
            _register(service.port, people)
        return people

    def session_checks(_: int) -> Traffic:
        requests = [
            request("GET", "/api/auth/get-session", host=HOST, headers=[f"Cookie: {cookie}"])
            for cookie in ready().values()
        ]
        return Traffic(requests, expect='"userId"')

    def logins(_: int) -> Traffic:
        return Traffic([_post("/api/auth/sign-in/email", service.port, email) for email in ready()], expect='"token"')

    def newcomers(_: int) -> Traffic:
        return registering(_post("/api/auth/sign-up/email", service.port, f"{NUMBER}@example.org", "Ada"), status=200)

    traffic: dict[str, Callable[[int], Traffic]] = {PROFILE: session_checks, LOGIN: logins, REGISTER: newcomers}
    return Contestant(name=name, service=service, traffic={REFRESH: session_checks} if prolongs else traffic)


def _register(port: int, people: dict[str, str]) -> None:
    """Register the users, and store the session cookie of each."""
    base = f"http://{HOST}:{port}"
    for number in range(PEOPLE):
        email = f"person{number}@example.org"
        body = {"email": email, "password": PASSWORD, "name": "Ada"}
        headers = {"Origin": base}
        response = httpx.post(f"{base}/api/auth/sign-up/email", json=body, headers=headers, trust_env=False, timeout=60)
        response.raise_for_status()
        people[email] = response.headers["set-cookie"].partition(";")[0]


def _post(path: str, port: int, email: str, name: str = "") -> str:
    body = {"email": email, "password": PASSWORD, **({"name": name} if name else {})}
    return request("POST", path, host=HOST, body=json.dumps(body), headers=[f"Origin: http://{HOST}:{port}"])
