"""Install other programs into `build/`, once."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

BUILD: Final = Path(__file__).parents[2] / "build"


class NotInstalledError(Exception):
    """A program cannot be installed; the message says why."""


@contextmanager
def skipped_if_not_installed() -> Iterator[None]:
    """Skip a test whose program is missing on this machine, with the reason: not every machine can install all."""
    try:
        yield
    except NotInstalledError as error:
        pytest.skip(str(error))


def require(*programs: str) -> None:
    """Raise an error that names the programs that are missing.

    Raises:
        NotInstalledError: one is missing.
    """
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        message = f"not found: {', '.join(missing)}"
        raise NotInstalledError(message)


def install(command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run a command that installs or builds something.

    Args:
        command: the command.
        folder: where it runs.
        environ: all its environment variables, instead of those of this process.

    Raises:
        NotInstalledError: it failed.
    """
    finished = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if finished.returncode:
        message = f"`{' '.join(command)}` failed: {finished.stderr or finished.stdout}"
        raise NotInstalledError(message)


def install_npm_packages(source: Path, folder: Path) -> Path:
    """Copy a folder with a `package-lock.json`, install its packages beside it, and return the copy.

    Raises:
        NotInstalledError: Node.js or npm was not found, or the packages cannot be installed.
    """
    require("node", "npm")
    lock = folder / "package-lock.json"
    is_current = (folder / "node_modules").is_dir() and lock.read_bytes() == (source / lock.name).read_bytes()
    ignored = shutil.ignore_patterns("node_modules", "dist", "build")
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=ignored)
    if not is_current:
        install(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], folder)
    return folder
