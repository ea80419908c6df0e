"""Run nginx, Caddy, pgbouncer and PostgreSQL with the files of deploy/."""

import pwd
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.certificates import make_certificate
from tests.support.deployment import Deployment
from tests.support.processes import free_port

DEPLOY: Final = Path(__file__).parent.parent.parent / "deploy"
SECRET: Final = "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps"
PUBLIC_URL: Final = "https://auth.example.com"
METRICS_TOKEN: Final = "a-token-of-the-tests-42"
UNPRIVILEGED_USER: Final = pwd.getpwuid(65534).pw_name
"""Runs the programs that refuse to run as root; PostgreSQL runs as the same user."""


@pytest.fixture
def deployment(deployment: Deployment) -> Deployment:
    """A deployment with the default time limits."""
    return replace(deployment, time_limits={})


def is_listening(port: int) -> bool:
    """Return whether a program accepts connections on the port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def running(command: list[str], log: Path, *, ready: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the duration of the block.

    Args:
        command: the program and its arguments.
        log: the file that gets its output.
        ready: the port on which it accepts connections once it is ready.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while not is_listening(ready):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def production(database_url: str, **variables: str) -> dict[str, Any]:
    """Return the environment variables of an instance in production."""
    return {
        "ENVIRONMENT": "production",
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "PUBLIC_URL": PUBLIC_URL,
        "METRICS_TOKEN": METRICS_TOKEN,
        "TRUSTED_PROXIES": "127.0.0.1",
        "RATE_LIMIT_ENABLED": "false",
        "SHUTDOWN_DELAY": "1",
        **variables,
    }


def adapted(name: str, changes: dict[str, str]) -> str:
    """Return a file of deploy/ with replacements for names and ports.

    Args:
        name: the file in deploy/.
        changes: replacements by regular expression; each of them must match.
    """
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for pattern, replacement in changes.items():
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count, pattern
    return text


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a private key and a certificate for 127.0.0.1."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def ports() -> tuple[int, int, int, int]:
    """Return free ports for http, https and two instances."""
    return free_port(), free_port(), free_port(), free_port()
