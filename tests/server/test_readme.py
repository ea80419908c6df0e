"""Follow the README in a clean copy of the repository: run its commands, and compare what they print."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.clean_copy import REPOSITORY, copy_repository
from tests.support.processes import clean_environment, free_port
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.walkthrough import blocks, comparable, run_commands, steps

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

README: Final = (REPOSITORY / "README.md").read_text(encoding="utf-8")

MAX_INSTALLATION_SECONDS: Final = 300
"""The first `make run` downloads its dependencies from a package index."""


def curl_session() -> list[tuple[str, str]]:
    """Return the commands after the start of the server, with their output."""
    return [step for step in steps(README) if "make run" not in step[0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository without generated files."""
    return copy_repository(tmp_path_factory.mktemp("readme") / "auth_api")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def running(folder: Path, port: int) -> Iterator[str]:
    """Start `make run`, and return what it printed until the server was ready."""
    with (folder.parent / "output").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["make", "run"],  # noqa: S607 - as the README writes it
            cwd=folder,
            env=clean_environment({"PORT": str(port)}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield wait_for_banner(process, folder.parent / "output")
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(TIMEOUT_SECONDS)


def wait_for_banner(process: subprocess.Popen[bytes], output: Path) -> str:
    end = time.monotonic() + MAX_INSTALLATION_SECONDS
    while time.monotonic() < end and process.poll() is None:
        printed = output.read_text(encoding="utf-8")
        if "/api/auth/register" in printed and "startup complete" in printed:
            return printed
        time.sleep(0.2)
    pytest.fail(f"no banner, but:\n{output.read_text(encoding='utf-8')}")


def test_make_run_prints_the_documented_banner(running: str, port: int) -> None:
    (shown,) = [block for block in blocks(README, "") if "auth_api is running" in block]

    assert shown.strip().replace(":8000", f":{port}") in running


def test_curl_session_prints_the_documented_responses(running: str, folder: Path, port: int) -> None:
    environ = clean_environment({"PATH": f"{folder / '.venv/bin'}:{os.environ['PATH']}"})

    commands = [command.replace(":8000", f":{port}") for command, _ in curl_session()]
    printed = run_commands(commands, folder=folder, environ=environ)

    assert printed == [comparable(output) for _, output in curl_session()]
    assert len(printed) >= 6
