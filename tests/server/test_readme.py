"""Follow the README in a clean copy of the repository: run its commands, and compare what they print."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.processes import clean_environment, free_port
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

REPOSITORY: Final = Path(__file__).parents[2]
README: Final = (REPOSITORY / "README.md").read_text(encoding="utf-8")

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE_VALUES: Final = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "a time"),
    (r"\beyJ[\w.…-]+", "a JWT"),
    (r"\brt_[\w…-]+", "a refresh token"),
    (r'"request_id":"[^"]+"', "an id"),
    (r'"refresh_expires_in":\d+', "seconds"),
)

GENERATED: Final = (
    *(".venv", ".git", ".*_cache", ".hypothesis", ".cache", "__pycache__", "bundles", "common_passwords.*"),
    *("*.db*", ".env", "*.secret"),
)

MAX_INSTALLATION_SECONDS: Final = 300
"""The first `make run` downloads its dependencies from a package index."""


def blocks(kind: str) -> list[str]:
    """Return the fenced blocks of a kind.

    The test runs `sh` and `console` blocks and compares the output of `console` blocks. It does not run `shell` blocks:
    they need values that differ for each deployment.
    """
    return [text for found, text in _BLOCK.findall(README) if found == kind]


def steps() -> list[tuple[str, str]]:
    """Return each command of the curl session with its documented output, which is empty for `sh` blocks."""
    found: list[tuple[str, str]] = []
    for kind, text in _BLOCK.findall(README):
        if kind == "sh" and "make run" not in text:
            found.append((text, ""))
        elif kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, output = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
                found.append((command, output))
    return found


def comparable(output: str) -> str:
    """Replace the values that differ in each run with fixed words."""
    for pattern, name in _VARIABLE_VALUES:
        output = re.sub(pattern, name, output)
    return output.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository without generated files."""
    copied = tmp_path_factory.mktemp("readme") / "auth_api"
    shutil.copytree(REPOSITORY, copied, ignore=shutil.ignore_patterns(*GENERATED))
    return copied


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
    (shown,) = [block for block in blocks("") if "auth_api is running" in block]

    assert shown.strip().replace(":8000", f":{port}") in running


def test_curl_session_prints_the_documented_responses(running: str, folder: Path, port: int) -> None:
    script = ["set -e"]
    for command, _ in steps():
        script += [command.replace(":8000", f":{port}"), "echo; echo '=== next ==='"]
    environ = clean_environment({"PATH": f"{folder / '.venv/bin'}:{os.environ['PATH']}"})

    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],  # noqa: S607 - as above
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT_SECONDS,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    printed = [comparable(part) for part in done.stdout.split("=== next ===")][:-1]
    assert printed == [comparable(output) for _, output in steps()]
    assert len(printed) >= 6
