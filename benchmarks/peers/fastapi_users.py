"""fastapi-users on PostgreSQL and on SQLite; it has no refresh."""

import json
from collections.abc import Sequence
from urllib.parse import quote

import httpx
import jwt

from auth_api.kit.clock import utc_now
from benchmarks.contestants import LOGIN, NUMBER, PASSWORD, PROFILE, REGISTER, Contestant, Service, registering
from benchmarks.load import Traffic, request
from benchmarks.peers.installing import HERE, python_environment

PEOPLE = 12
SECRET = "a-secret-for-a-peer-that-lives-a-few-minutes"  # noqa: S105
HOST = "127.0.0.1"


def fastapi_users(name: str, database_url: str, *, registers: bool) -> Contestant:
    """Return fastapi-users on this database.

    Args:
        name: name in the tables.
        database_url: URL of an empty database.
        registers: whether registration is measured.
    """
    programs = python_environment("fastapi-users")
    command = [str(programs / "uvicorn"), "--app-dir", str(HERE / "fastapi-users"), "app:app", "--port", "{port}"]
    service = Service(
        [*command, "--no-access-log", "--log-level", "warning"],
        {"DATABASE_URL": database_url, "SECRET": SECRET},
        probe="/alive",
    )
    people: list[str] = []  # registered on first use, when the server is ready
    tokens: list[str] = []

    def register() -> None:
        with httpx.Client(base_url=f"http://{HOST}:{service.port}", trust_env=False, timeout=60) as client:
            for number in range(PEOPLE):
                email = f"person{number}@example.org"
                response = client.post("/auth/register", json={"email": email, "password": PASSWORD})
                response.raise_for_status()
                people.append(email)
                tokens.append(_token(response.json()["id"]))

    def ready() -> None:
        if not people:
            register()

    def profiles(_: int) -> Traffic:
        ready()
        return Traffic([request("GET", "/users/me", host=HOST, token=token) for token in tokens], expect='"email"')

    def logins(_: int) -> Traffic:
        ready()
        return Traffic(_logins(people), expect='"access_token"')

    def newcomers(_: int) -> Traffic:
        body = json.dumps({"email": f"{NUMBER}@example.org", "password": PASSWORD})
        return registering(request("POST", "/auth/register", host=HOST, body=body))

    traffic = {PROFILE: profiles, LOGIN: logins, **({REGISTER: newcomers} if registers else {})}
    return Contestant(name=name, service=service, traffic=traffic)


def _token(user_id: str) -> str:
    """Sign the token that a login would return, without the hash that a login costs."""
    claims = {"sub": user_id, "aud": ["fastapi-users:auth"], "exp": utc_now().timestamp() + 4 * 3600}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def _logins(people: Sequence[str]) -> list[str]:
    password = quote(PASSWORD, safe="")
    return [
        request(
            "POST",
            "/auth/jwt/login",
            host=HOST,
            body=f"username={quote(email, safe='')}&password={password}",
            form=True,
        )
        for email in people
    ]
