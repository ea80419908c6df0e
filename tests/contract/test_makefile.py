"""The Makefile: its help, and its messages when it cannot install."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]
HELP: Final = dict(
    re.findall(r"^([a-z-]+):.*## (.*)$", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)

PYTHON: Final = """\
#!/bin/sh
case "$*" in
"-c "*) exit {check} ;;
"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
*) echo "ERROR: No matching distribution found for litestar" >&2; exit 1 ;;
esac
"""
"""Stands for a Python whose modules are complete or not (`check`), and whose pip cannot install."""


def run_make(folder: Path, target: str, *, check: int) -> subprocess.CompletedProcess[str]:
    """Run make in a folder whose Python is `PYTHON`."""
    shutil.copy(REPOSITORY / "Makefile", folder)
    (folder / "requirements").mkdir()
    for name in (
        "requirements/run.txt",
        "requirements/build.txt",
        "requirements/dev.txt",
        "pyproject.toml",
        "hatch_build.py",
    ):
        (folder / name).touch()
    python = folder / "python3"
    python.write_text(PYTHON.format(check=check), encoding="utf-8")
    python.chmod(0o755)
    command = ["make", target, f"PYTHON={python}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("target", ["run", "dev", "check"])
def test_failed_installation_names_the_package_index(tmp_path: Path, target: str) -> None:
    done = run_make(tmp_path, target, check=0)

    assert done.returncode == 2
    assert "ERROR: No matching distribution found for litestar" in done.stderr
    assert (
        "The installation failed. If pip found no matching version, check that this machine reaches the package index: "
        "https://pypi.org, or the one that PIP_INDEX_URL or pip.conf names."
    ) in done.stderr
    assert not (tmp_path / ".venv/run").exists()


def test_python_without_ensurepip_is_refused_with_the_name_of_the_package(tmp_path: Path) -> None:
    done = run_make(tmp_path, "run", check=1)

    assert done.returncode == 2
    assert "No Python 3.11 or newer with the modules ensurepip, sqlite3 and ssl was found" in done.stderr
    assert "Debian: python3-venv" in done.stderr


def test_help_and_documents_have_the_same_durations() -> None:
    pages = "".join(
        (REPOSITORY / "docs" / name).read_text(encoding="utf-8") for name in ("testing.md", "performance.md")
    )
    documented = dict(re.findall(r"^\| `make ([a-z-]+)` \|.*\| (\d+) minutes? \|$", pages, re.MULTILINE))
    promised = {target: found[1] for target, text in HELP.items() if (found := re.search(r"(\d+) minutes?", text))}

    assert {"test", "torture", "bench"} <= promised.keys()
    assert {target: documented[target] for target in promised} == promised
    quick = re.search(r"--quick\"` \|.*\| (\d+) minutes \|", pages)
    assert quick
    assert f"--quick takes {quick[1]}." in HELP["bench"]


def test_documents_name_existing_targets() -> None:
    pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").glob("*.md")]
    named = {target for page in pages for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}

    assert len(named) >= 10
    assert named <= HELP.keys()
