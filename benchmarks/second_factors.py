"""Measure logins with second factors and passkeys: `python -m benchmarks.second_factors [--against CHECKOUT]`.

Every proof is used once, so each round prepares its requests and then sends them one after the other. The server is
pinned to one processor, as in `python -m benchmarks`; its processor time per request is a time per core. With
`--against`, logins by password are also sent alternately to the server of another checkout, which has its own .venv.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import msgspec

from auth_api.kit.crypto.sealing import new_data_key
from benchmarks.contestants import PASSWORD, Contestant, Service, our_environment
from benchmarks.machine import OTHER_CORES, Meter
from benchmarks.measuring import started
from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import AuthenticatorApp, add_app, present_step
from tests.support.deployment import Deployment
from tests.support.factors import first_step, second_step
from tests.support.passkeys import ORIGIN, RP_ID, add_passkey, login_options, new_authenticator, send_login
from tests.support.postgres import PostgresServer, create_database
from tests.support.processes import clean_environment
from tests.support.soft_authenticator import SoftAuthenticator

PEOPLE: Final = 40
ROUNDS: Final = 5
STARTS: Final = 5

Send = Callable[[], Awaitable[ApiResponse]]


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Median time to the response, and processor time of the server per request, in milliseconds."""

    p50: float
    processor: float


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A user with a passkey, and another one with an authenticator app."""

    plain: Actor
    with_app: Actor
    soft: SoftAuthenticator
    app: AuthenticatorApp


def environment(database_url: str, **variables: str) -> dict[str, str]:
    """Return the settings of a production server for the passkeys of the tests."""
    passkeys = {"PUBLIC_URL": ORIGIN, "PASSKEY_RP_ID": RP_ID, "PASSKEY_ORIGINS": ORIGIN}
    return our_environment(database_url, **passkeys, DATA_ENCRYPTION_KEYS=new_data_key(), **variables)


def served(environ: dict[str, str], python: str = sys.executable) -> Service:
    """Return the server that a Python has installed."""
    return Service([python, "-m", "auth_api", "serve", "--port", "{port}"], environ, probe="/health/live")


def client_of(service: Service) -> httpx.AsyncClient:
    """Return a client that knows the server by its public name."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{service.port}", headers={"Host": "login.example.com"}, trust_env=False, timeout=60
    )


async def register(client: httpx.AsyncClient, name: str) -> Actor:
    """Register a user.

    Raises:
        RuntimeError: the server refused it.
    """
    actor = Actor(client, username=name, email=f"{name}@example.com", password=PASSWORD)
    if (response := await actor.register()).status != 201:  # noqa: PLR2004 - Created
        raise RuntimeError(response.json)
    return actor


async def user(client: httpx.AsyncClient, number: int) -> User:
    """Create the users of a number."""
    plain, with_app = await register(client, f"key{number}"), await register(client, f"app{number}")
    soft = new_authenticator()
    await add_passkey(plain, soft)
    app, _ = await add_app(with_app)
    return User(plain=plain, with_app=with_app, soft=soft, app=app)


async def cost_of(sends: Sequence[Send], service: Service) -> Cost:
    """Send the requests one after the other.

    Raises:
        RuntimeError: a response is not the expected one.
    """
    meter, seconds = Meter(service.pid, service.cores), []
    for send in sends:
        began = time.perf_counter()
        response = await send()
        seconds.append(time.perf_counter() - began)
        if not response.response.is_success:
            raise RuntimeError(response.json)
    return Cost(p50=median(seconds) * 1e3, processor=meter.read().total / len(sends) * 1e3)


async def measured(service: Service, deployment: Deployment) -> dict[str, Cost]:
    """Return the median costs of all kinds of requests, which take turns."""
    costs: dict[str, list[Cost]] = {}
    async with client_of(service) as client:
        users = [await user(client, number) for number in range(PEOPLE)]
        for _ in range(ROUNDS):
            await deployment.execute("UPDATE totp_factors SET last_step = 0")
            kinds: dict[str, list[Send]] = {
                "login by password": [each.plain.log_in for each in users],
                "options of a passkey login": [_options(each) for each in users] * 5,
                "login by passkey": [_by_passkey(each, await login_options(each.plain)) for each in users * 5],
                "second factor: code of an app": [_by_code(each, await first_step(each.with_app)) for each in users],
            }
            for kind, sends in kinds.items():
                costs.setdefault(kind, []).append(await cost_of(sends, service))
    return {kind: middle(several) for kind, several in costs.items()}


def _options(each: User) -> Send:
    return lambda: each.plain.call("POST", "/api/auth/passkey/options", token="", json={})


def _by_passkey(each: User, options: object) -> Send:
    credential = each.soft.get(options)  # type: ignore[arg-type]  # JSON of the server
    return lambda: send_login(each.plain, credential)


def _by_code(each: User, mfa_token: str) -> Send:
    return lambda: second_step(each.with_app, mfa_token, each.app.code_of(present_step()))


def middle(several: Sequence[Cost]) -> Cost:
    """Return the median of each number separately."""
    return Cost(p50=median(each.p50 for each in several), processor=median(each.processor for each in several))


async def compared(servers: dict[str, Service]) -> dict[str, Cost]:
    """Return the cost of logins without a second factor at several servers, which take turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in servers}
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client_of(service)) for service in servers.values()]
        people = dict(zip(servers, [await register(client, "ada") for client in clients], strict=True))
        for turn in range(4 * ROUNDS):
            for name in sorted(servers, reverse=bool(turn % 2)):
                costs[name].append(await cost_of([people[name].log_in] * 20, servers[name]))
    return {name: middle(several) for name, several in costs.items()}


def starts(environ: dict[str, str]) -> dict[str, tuple[float, float]]:
    """Return the seconds to the first response and the megabytes of a worker, with and without passkeys."""

    def server(passkeys: str) -> Contestant:
        return Contestant(name="", service=served(environ | {"PASSKEYS_ENABLED": passkeys}), traffic={})

    seen: dict[str, list[tuple[float, float]]] = {"true": [], "false": []}
    for _ in range(STARTS):
        for passkeys, several in seen.items():
            several.append(started(lambda passkeys=passkeys: server(passkeys), 1))  # type: ignore[misc]
    return {
        f"passkeys {'on' if passkeys == 'true' else 'off'}": (
            median(seconds for seconds, _ in several),
            max(memory for _, memory in several),
        )
        for passkeys, several in seen.items()
    }


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.second_factors")
    parser.add_argument("--against", type=Path, help="another checkout, to compare logins with")
    other = parser.parse_args().against
    os.sched_setaffinity(0, OTHER_CORES)
    with PostgresServer() as postgres, ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ours = environment(migrated(postgres, "ours", folder, sys.executable))
        for name, (seconds, memory) in starts(ours).items():
            _print(f"{name:32} {seconds:6.2f} s to the first response {memory:7.1f} MB")
        with served(ours) as service:
            costs = asyncio.run(measured(service, Deployment(folder, ours["DATABASE_URL"])))
        for name, cost in costs.items():
            _print(f"{name:32} {cost.p50:6.1f} ms p50 {cost.processor:8.2f} ms of a core")
        if other is None:
            return
        python = str(other.absolute() / ".venv/bin/python")
        theirs = environment(migrated(postgres, "theirs", folder, python))
        servers = {
            "this checkout": stack.enter_context(served(ours)),
            "the other one": stack.enter_context(served(theirs, python)),
        }
        for name, cost in asyncio.run(compared(servers)).items():
            _print(f"login, {name:25} {cost.p50:6.1f} ms p50 {cost.processor:8.2f} ms of a core")


def migrated(postgres: PostgresServer, name: str, folder: Path, python: str) -> str:
    """Create a database, migrate it with a checkout, and return its URL."""
    url = asyncio.run(create_database(postgres.url(), name))
    environ = clean_environment(our_environment(url))
    subprocess.run([python, "-m", "auth_api", "migrate"], env=environ, cwd=folder, check=True, capture_output=True)
    return url


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
