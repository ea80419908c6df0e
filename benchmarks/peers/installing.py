"""Install peers into `benchmarks/.cache`, once, from pinned and hashed lists."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parent / ".cache"


class NotInstalledError(Exception):
    """A peer cannot be installed; the message says why."""


def python_environment(name: str) -> Path:
    """Create a virtual environment from `NAME/requirements.txt`, and return its folder of programs."""
    requirements = HERE / name / "requirements.txt"
    folder = CACHE / name

    def make() -> None:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], HERE)
        pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        _run([*pip, "--require-hashes", "-r", str(requirements)], HERE)

    _once(folder, requirements, make)
    return folder / "bin"


def node_project(name: str) -> Path:
    """Create a folder with the packages of `NAME/package-lock.json` and the scripts of `NAME`, and return it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        message = "Node.js was not found"
        raise NotInstalledError(message)
    folder = CACHE / name

    def make() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / name, folder)
        _run(["npm", "ci", "--omit=dev", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    _once(folder, HERE / name / "package-lock.json", make)
    for script in (HERE / name).glob("*.mjs"):
        shutil.copy(script, folder)
    return folder


def _once(folder: Path, lock: Path, make: Callable[[], None]) -> None:
    """Create the folder, unless it was created from this lock file."""
    mark, checksum = folder / "lock-checksum", hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text(encoding="ascii") == checksum:
        return
    make()
    mark.write_text(checksum, encoding="ascii")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotInstalledError(done.stderr.strip()[-500:])
