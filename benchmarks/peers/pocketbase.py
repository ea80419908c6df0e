"""PocketBase: one Go binary with SQLite; its refresh signs a new token and writes no row."""

import json

import httpx

from benchmarks.contestants import LOGIN, NUMBER, PASSWORD, PROFILE, REFRESH, REGISTER, Contestant, Service, registering
from benchmarks.load import Traffic, request
from benchmarks.peers.installing import python_environment

PEOPLE = 24
HOST = "127.0.0.1"
USERS = "/api/collections/users"


def pocketbase(name: str) -> Contestant:
    """Return PocketBase with its default collection of users."""
    program = python_environment("pocketbase") / "pocketbase"
    service = Service(
        [str(program), "serve", "--http", f"{HOST}:{{port}}", "--dir", "{folder}/data"], {}, probe="/api/health"
    )
    people: list[tuple[str, str, str]] = []

    def ready() -> list[tuple[str, str, str]]:
        if not people:
            _register(service.port, people)
        return people

    def profiles(_: int) -> Traffic:
        requests = [request("GET", f"{USERS}/records/{number}", host=HOST, token=token) for _, number, token in ready()]
        return Traffic(requests, expect='"email"')

    def refreshes(_: int) -> Traffic:
        requests = [request("POST", f"{USERS}/auth-refresh", host=HOST, token=token) for _, _, token in ready()]
        return Traffic(requests, expect='"token"')

    def logins(_: int) -> Traffic:
        bodies = [json.dumps({"identity": email, "password": PASSWORD}) for email, _, _ in ready()]
        requests = [request("POST", f"{USERS}/auth-with-password", host=HOST, body=body) for body in bodies]
        return Traffic(requests, expect='"token"')

    def newcomers(_: int) -> Traffic:
        body = {"email": f"{NUMBER}@example.org", "password": PASSWORD, "passwordConfirm": PASSWORD}
        return registering(request("POST", f"{USERS}/records", host=HOST, body=json.dumps(body)), status=200)

    traffic = {PROFILE: profiles, REFRESH: refreshes, LOGIN: logins, REGISTER: newcomers}
    return Contestant(name=name, service=service, traffic=traffic)


def _register(port: int, people: list[tuple[str, str, str]]) -> None:
    with httpx.Client(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=60) as client:
        for number in range(PEOPLE):
            email = f"person{number}@example.org"
            body = {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD}
            client.post(f"{USERS}/records", json=body).raise_for_status()
            response = client.post(f"{USERS}/auth-with-password", json={"identity": email, "password": PASSWORD})
            response.raise_for_status()
            people.append((email, response.json()["record"]["id"], response.json()["token"]))
