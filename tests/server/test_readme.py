"""The README as somebody follows it: copied into a clean folder, its commands run there, its output compared."""

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

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

REPOSITORY: Final = Path(__file__).parents[2]
README: Final = (REPOSITORY / "README.md").read_text(encoding="utf-8")

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHANGES_EACH_TIME: Final = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "a time"),
    (r"\beyJ[\w.…-]+", "a JWT"),
    (r"\brt_[\w…-]+", "a refresh token"),
    (r'"request_id":"[^"]+"', "an id"),
    (r'"refresh_expires_in":\d+', "seconds"),
)

MADE_HERE: Final = (
    *(".venv", ".git", ".*_cache", ".hypothesis", ".cache", "__pycache__", "bundles", "common_passwords.*"),
    *("*.db*", ".env", "*.secret"),
)

LONGEST_INSTALLATION: Final = 300
"""Seconds; it loads what it needs from a package index, as everybody's first `make run` does."""


def blocks(kind: str) -> list[str]:
    """Return the fenced blocks of a kind. `sh` is run, `console` run and compared; `shell` needs names of one's own."""
    return [text for found, text in _BLOCK.findall(README) if found == kind]


def steps() -> list[tuple[str, str]]:
    """Return each command with the output it shows; what `sh` blocks run shows none."""
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
    """Put names in the place of what differs each time."""
    for pattern, name in _CHANGES_EACH_TIME:
        output = re.sub(pattern, name, output)
    return output.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is in the repository, and of nothing that was made there."""
    made = tmp_path_factory.mktemp("readme") / "auth_api"
    shutil.copytree(REPOSITORY, made, ignore=shutil.ignore_patterns(*MADE_HERE))
    return made


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def running(folder: Path, port: int) -> Iterator[str]:
    """What `make run` has printed once it serves."""
    with (folder.parent / "output").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["make", "run"],  # noqa: S607 - as it is typed
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
            process.wait(20)


def wait_for_banner(process: subprocess.Popen[bytes], output: Path) -> str:
    end = time.monotonic() + LONGEST_INSTALLATION
    while time.monotonic() < end and process.poll() is None:
        printed = output.read_text(encoding="utf-8")
        if "Next, register somebody:" in printed and "startup complete" in printed:
            return printed
        time.sleep(0.2)
    pytest.fail(f"no banner; it printed:\n{output.read_text(encoding='utf-8')}")


def test_make_run_prints_what_the_readme_shows(running: str, port: int) -> None:
    (shown,) = [block for block in blocks("") if "auth_api is running" in block]

    assert shown.strip().replace(":8000", f":{port}") in running


def test_the_session_with_curl_goes_as_it_is_shown(running: str, folder: Path, port: int) -> None:
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
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    printed = [comparable(part) for part in done.stdout.split("=== next ===")][:-1]
    assert printed == [comparable(output) for _, output in steps()]
    assert len(printed) >= 8
