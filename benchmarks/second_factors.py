"""Measure logins with second factors and passkeys: `python -m benchmarks.second_factors [--against CHECKOUT]`.

Prints the processor time of whole requests in one process without a network, hashes included; then the start and the
memory of a server with and without passkeys. Each time is the best of many short batches, because other programs on the
machine disturb that least. With `--against`, logins by password are sent alternately to a server of this checkout and
to one of another checkout, which has its own .venv.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import uvloop

from auth_api.app import create_app
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.kit.crypto.sealing import new_data_key
from auth_api.kit.logging import configure_logging
from auth_api.services import Services
from auth_api.settings import Settings
from benchmarks.contestants import PASSWORD, Service, our_environment
from benchmarks.machine import OTHER_CORES, family, processor_seconds, proportional_memory
from benchmarks.seeding import seed
from tests.support.actors import Actor
from tests.support.caller import Caller
from tests.support.factors import UNUSED_STEP, add_totp, current_code, switch_two_step_on
from tests.support.lifespan import started
from tests.support.passkeys import ORIGIN, RP_ID, stored_passkey
from tests.support.postgres import PostgresServer, create_database
from tests.support.processes import clean_environment
from tests.support.soft_authenticator import SoftAuthenticator

BATCHES: Final = 30
STARTS: Final = 5
LOGINS: Final = 100
"""At each of two servers that are compared."""

WITH_PASSKEY: Final = ("person0", "person1", "person2", "person3")
WITH_APP: Final = ("person4", "person5", "person6", "person7")

Prepare = Callable[[], Awaitable[list[tuple[str, bytes]]]]
"""Returns paths and bodies of requests, of which each can be sent once."""


def environment(database_url: str, **variables: str) -> dict[str, str]:
    """Return the settings of a production server for the passkeys of the tests."""
    passkeys = {"PUBLIC_URL": ORIGIN, "PASSKEY_RP_ID": RP_ID, "PASSKEY_ORIGINS": ORIGIN}
    return our_environment(database_url, **passkeys, DATA_ENCRYPTION_KEYS=new_data_key(), **variables)


class Requests:
    """The measured requests of some users."""

    def __init__(self, app: object, services: Services) -> None:
        self.caller = Caller(app)
        self._services = services
        self._keys: list[SoftAuthenticator] = []
        self._seeds: list[bytes] = []

    async def add_factors(self) -> None:
        """Give each user a passkey or an authenticator app."""
        client = httpx.AsyncClient()  # an actor needs one; nothing is sent
        self._keys = [await stored_passkey(self._services, Actor(client, username=name)) for name in WITH_PASSKEY]
        self._seeds = [await add_totp(self._services, name) for name in WITH_APP]
        for name in WITH_APP:
            await switch_two_step_on(name)
        await client.aclose()

    async def passwords(self) -> list[tuple[str, bytes]]:
        """Return logins without a second factor."""
        return [("/api/auth/login", _json(username=name, password=PASSWORD)) for name in WITH_PASSKEY]

    async def options(self) -> list[tuple[str, bytes]]:
        """Return requests for the options of a login with a passkey."""
        return [("/api/auth/passkey/options", b"{}")] * 10

    async def passkeys(self) -> list[tuple[str, bytes]]:
        """Return logins with a passkey."""
        bodies = []
        for key in self._keys:
            options = json.loads(await self.caller.call("POST", "/api/auth/passkey/options", body=b"{}"))
            bodies.append(("/api/auth/passkey/login", _json(credential=key.get(options["public_key"]))))
        return bodies

    async def codes(self) -> list[tuple[str, bytes]]:
        """Return second factors of logins."""
        unused: dict[object, object] = {TotpFactorRow.last_step: UNUSED_STEP}
        await TotpFactorRow.update(unused, force=True)  # type: ignore[arg-type]  # a column is a key
        bodies = []
        for name, secret in zip(WITH_APP, self._seeds, strict=True):
            try:
                await self.caller.call("POST", "/api/auth/login", body=_json(username=name, password=PASSWORD))
            except AssertionError as refused:
                mfa_token = json.loads(refused.args[0])["mfa_token"]
            code = current_code(self._services, secret)
            bodies.append(("/api/auth/mfa", _json(mfa_token=mfa_token, method="totp", code=code)))
        return bodies


def _json(**fields: object) -> bytes:
    return json.dumps(fields).encode()


async def cost(caller: Caller, prepare: Prepare) -> float:
    """Return the processor time of a request in all threads, in milliseconds."""
    seconds = []
    for _ in range(BATCHES):
        requests = await prepare()
        began = time.process_time()
        for path, body in requests:
            await caller.call("POST", path, body=body)
        seconds.append((time.process_time() - began) / len(requests))
    return min(seconds) * 1e3


async def costs(environ: dict[str, str]) -> dict[str, float]:
    """Return the processor time of each kind of request."""
    settings = Settings.from_env(environ)
    await seed(settings, len(WITH_PASSKEY + WITH_APP), PASSWORD)
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230, PTH123 - opened once
        configure_logging(level="INFO", as_json=True, descriptor=nowhere.fileno())
        app = create_app(settings)
        async with started(app):
            requests = Requests(app, app.state.services)
            await requests.add_factors()
            return {
                "login by password": await cost(requests.caller, requests.passwords),
                "login by passkey": await cost(requests.caller, requests.passkeys),
                "options of a login by passkey": await cost(requests.caller, requests.options),
                "second factor, code of an app": await cost(requests.caller, requests.codes),
            }


def served(environ: dict[str, str], python: str = sys.executable) -> Service:
    """Return the server that a Python has installed."""
    return Service([python, "-m", "auth_api", "serve", "--port", "{port}"], environ, probe="/health/live")


def start_of(environ: dict[str, str]) -> tuple[float, float]:
    """Return the processor seconds of a server until its first response, and the megabytes of its worker."""
    with served(environ) as service:
        seconds = sum(map(processor_seconds, family(service.pid)))
        time.sleep(1)
        return seconds, max(map(proportional_memory, service.workers))


async def alternating_logins(servers: Iterable[Service]) -> list[float]:
    """Return the median time of a login at each server, in milliseconds."""
    async with AsyncExitStack() as stack:
        people: list[Actor] = []
        seen: list[list[float]] = []
        for service in servers:
            client = httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{service.port}", headers={"Host": "login.example.com"}, trust_env=False
            )
            people.append(Actor(await stack.enter_async_context(client), password=PASSWORD))
            seen.append([])
            await people[-1].register()
        for turn in range(LOGINS):
            for person, seconds in list(zip(people, seen, strict=True))[:: 1 if turn % 2 else -1]:
                began = time.perf_counter()
                (await person.log_in()).response.raise_for_status()
                seconds.append(time.perf_counter() - began)
    return [median(seconds) * 1e3 for seconds in seen]


def migrated(postgres: PostgresServer, name: str, python: str) -> str:
    """Create a database, migrate it by the commands of a checkout, and return its URL."""
    url = asyncio.run(create_database(postgres.url(), name))
    with TemporaryDirectory() as folder:
        command = [python, "-m", "auth_api", "migrate"]
        subprocess.run(command, env=clean_environment(environment(url)), cwd=folder, check=True, capture_output=True)
    return url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.second_factors")
    parser.add_argument("--against", type=Path, help="another checkout, to compare logins with")
    other = parser.parse_args().against
    with PostgresServer() as postgres:
        environ = environment(migrated(postgres, "costs", sys.executable))
        for name, milliseconds in uvloop.run(costs(environ)).items():
            _print(f"{milliseconds:8.2f} ms  {name}")
        os.sched_setaffinity(0, OTHER_CORES)
        both = [environ | {"PASSKEYS_ENABLED": passkeys} for passkeys in ("true", "false")]
        starts = list(zip(*[[start_of(each) for each in both] for _ in range(STARTS)], strict=True))
        for name, several in zip(("on", "off"), starts, strict=True):
            seconds, memory = min(each for each, _ in several), median(each for _, each in several)
            _print(f"{seconds:8.2f} s   until the first response, {memory:.1f} MB of memory, passkeys {name}")
        if other is not None:
            theirs = str(other.absolute() / ".venv/bin/python")
            pythons = {"ours": sys.executable, "theirs": theirs}
            environs = {name: environment(migrated(postgres, name, python)) for name, python in pythons.items()}
            with served(environs["ours"]) as ours, served(environs["theirs"], theirs) as others:
                for name, milliseconds in zip(pythons, asyncio.run(alternating_logins((ours, others))), strict=True):
                    _print(f"{milliseconds:8.2f} ms  median time of a login by password, {name}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
