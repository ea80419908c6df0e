"""The compared servers: how they start, and the requests that are sent to them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from benchmarks.load import Traffic, request
from benchmarks.machine import SERVER_CORE, family, pinned
from tests.support.processes import Caretaker, clean_environment, free_port

PROFILE: Final = "session-checked profile"
REFRESH: Final = "refresh"
LOGIN: Final = "login"
REGISTER: Final = "register"

PASSWORD: Final = "Tr0ub4dor&3-horse"  # noqa: S105 - the password of the test users
PEOPLE: Final = 500
MAX_CHAINS: Final = 64
"""Refresh tokens at the start of a round: more than it has connections."""

NUMBER: Final = "0123456789abc"
"""Placeholder for the number of a new user, which has the same length."""

_MAX_START_SECONDS: Final = 60.0
_HOST: Final = "127.0.0.1"


class NotReadyError(Exception):
    """A server did not start; the message has its output."""


class Service:
    """A server on a free port, pinned to processors, with its own folder; it runs inside the `with` block.

    Args:
        command: the command that starts it; `{port}` and `{folder}` are replaced.
        environ: variables that are added to a clean environment.
        cores: the processors it may use.
        probe: a path that returns 200 when it is ready.
        first: called before the start, with the folder and the environment.
    """

    def __init__(
        self,
        command: list[str],
        environ: Mapping[str, str],
        *,
        cores: Iterable[int] = SERVER_CORE,
        probe: str,
        first: Callable[[Path, dict[str, str]], None] | None = None,
    ) -> None:
        self.port = free_port()
        self.cores = set(cores)
        self._command, self._environ, self._probe, self._first = command, clean_environment(environ), probe, first
        self.started_within = 0.0
        """Seconds from its start to its first response."""

    def __enter__(self) -> Self:
        self._caretaker = Caretaker("auth-api-benchmark-")
        try:
            self._start(self._caretaker.folder)
        except BaseException:
            self._caretaker.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._caretaker.close()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Id of the process that was started."""
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """Ids of the processes that serve requests: those with more than two thirds of the largest one's memory."""
        sizes = {pid: _resident(pid) for pid in family(self.pid)}
        return [pid for pid, size in sizes.items() if size > max(sizes.values()) * 2 / 3]

    def _start(self, folder: Path) -> None:
        filled = {"port": str(self.port), "folder": str(folder)}
        environ = {name: value.format(**filled) for name, value in self._environ.items()}
        if self._first is not None:
            self._first(folder, environ)
        command = [part.format(**filled) for part in self._command]
        output = folder / "output"
        began = time.monotonic()
        with output.open("wb") as log:
            self._process = subprocess.Popen(
                pinned(command, self.cores),
                env=environ,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._caretaker.watch(-self._process.pid)
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > began + _MAX_START_SECONDS:
                raise NotReadyError(output.read_text(encoding="utf-8", errors="replace")[-3000:])
            time.sleep(0.005)
        self.started_within = time.monotonic() - began

    def _is_ready(self) -> bool:
        with suppress(OSError), socket.create_connection((_HOST, self.port), timeout=5) as connection:
            connection.sendall(request("GET", self._probe, host=_HOST, headers=["Connection: close"]).encode())
            return connection.recv(16).startswith(b"HTTP/1.1 200")
        return False


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A server, its name in the tables, and the traffic of a round by workload."""

    name: str
    service: Service
    traffic: Mapping[str, Callable[[int], Traffic]]


@dataclass(frozen=True)
class Person:
    """A user with a session."""

    email: str
    access_token: str
    refresh_token: str


def seeded(environ: Mapping[str, str], count: int = PEOPLE) -> list[Person]:
    """Create users with sessions, without HTTP, in the database of the environment."""
    command = [sys.executable, "-m", "benchmarks.seeding", str(count), PASSWORD]
    made = subprocess.run(command, env=clean_environment(environ), capture_output=True, check=False, text=True)
    if made.returncode != 0:
        raise NotReadyError(made.stderr)
    return [Person(*fields) for fields in json.loads(made.stdout)]


def our_environment(database_url: str, **variables: str) -> dict[str, str]:
    """Return the settings of a production server; only the numbers of requests that limits allow are raised."""
    return {
        "ENVIRONMENT": "production",
        "DATABASE_URL": database_url,
        "PUBLIC_URL": "https://auth.example.org",
        "JWT_SECRET_KEY": "5tQ0Zr8fVw1Lk6Yp3Nx9Bd2Hs7Mc4JgA",
        "ACCESS_TOKEN_EXPIRE_MINUTES": "240",  # longer than the whole run
        "RATE_LIMIT_FACTOR": "1000000",
        **variables,
    }


def ours(name: str, people: list[Person], environ: Mapping[str, str], cores: Iterable[int] = SERVER_CORE) -> Contestant:
    """Return our server as it is shipped; its database already contains these users."""
    service = Service(
        [sys.executable, "-m", "auth_api", "serve", "--port", "{port}"], environ, cores=cores, probe="/health/live"
    )
    host = "auth.example.org"
    profiles = [request("GET", "/api/user/profile", host=host, token=person.access_token) for person in people]
    logins = [
        request("POST", "/api/auth/login", host=host, body=json.dumps({"email": person.email, "password": PASSWORD}))
        for person in people
    ]
    body = '{"refresh_token":"%s"}'
    refreshes = [request("POST", "/api/auth/refresh", host=host, body=body % person.refresh_token) for person in people]
    newcomer = {"email": f"{NUMBER}@example.org", "username": NUMBER, "password": PASSWORD}
    register = request("POST", "/api/auth/register", host=host, body=json.dumps(newcomer))

    def chains(number: int) -> Traffic:
        # Each round starts with tokens that no other round has used.
        first = number * MAX_CHAINS % len(refreshes)
        token = people[0].refresh_token
        return Traffic(
            refreshes[first : first + MAX_CHAINS],
            expect='"refresh_token"',
            chain='"refresh_token":"([^"]+)"',
            template=refreshes[0].replace(token, "~"),
        )

    return Contestant(
        name=name,
        service=service,
        traffic={
            PROFILE: lambda _: Traffic(profiles, expect='"username"'),
            REFRESH: chains,
            LOGIN: lambda _: Traffic(logins, expect='"access_token"'),
            REGISTER: lambda _: registering(register),
        },
    )


def registering(template: str, status: int = 201, expect: str = "") -> Traffic:
    """Return traffic in which each request registers a new user, whose number replaces `NUMBER`."""
    return Traffic([], status=status, expect=expect, template=template.replace(NUMBER, "~"))


def floor(name: str, application: str, people: list[Person]) -> Contestant:
    """Return an application that only responds, on the same uvicorn, event loop and parser as ours."""
    command = [sys.executable, "-m", "uvicorn", application, "--port", "{port}", "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--log-level", "warning"]
    service = Service(command, {"PYTHONPATH": os.getcwd()}, probe="/api/user/profile")  # noqa: PTH109 - a string is needed
    requests = [request("GET", "/api/user/profile", host=_HOST, token=person.access_token) for person in people]
    return Contestant(name=name, service=service, traffic={PROFILE: lambda _: Traffic(requests, expect='"username"')})
