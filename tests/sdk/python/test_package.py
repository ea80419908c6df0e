"""The package as programs install it."""

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import pytest

from tests.support.installing import BUILD, install, install_npm_packages, skipped_if_not_installed

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

PACKAGE: Final = Path(__file__).parents[3] / "clients" / "python"
CONSUMER: Final = Path(__file__).with_name("consumer.py")
MAX_IMPORT_SECONDS: Final = 0.15
IMPORT_TIME: Final = "import time; t = time.perf_counter(); import auth_api_sdk; print(time.perf_counter() - t)"


@dataclass(frozen=True)
class Built:
    """The files that pip installs."""

    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, folder=PACKAGE).check_returncode()
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without a proxy."""
    environ = {**os.environ, "NO_PROXY": "*"}
    return subprocess.run([*command], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def interpreter(version: str) -> str:
    """Return the path of a Python of this version; skip the test if it is not installed."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (f"python{version}", *map(str, sorted(versions.glob(f"{version}.*/bin/python")))):
        ask = [candidate, "-c", "import ensurepip, sys; print(sys.executable)"]
        try:
            asked = subprocess.run(ask, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            continue
        if asked.returncode == 0:
            return asked.stdout.strip()
    pytest.skip(f"Python {version} with ensurepip is not installed")


def installed(folder: Path, python: str, *packages: str) -> Path:
    """Install packages into an empty environment; return its interpreter."""
    subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
    own = folder / "bin" / "python"
    with skipped_if_not_installed():
        install([str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], folder)
    return own


@pytest.fixture(scope="module")
def environment(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an empty environment with the wheel."""
    return installed(tmp_path_factory.mktemp("environment"), sys.executable, str(built.wheel))


def test_wheel_and_sdist_have_the_files_of_the_repository(built: Built) -> None:
    source = {str(path.relative_to(PACKAGE / "src")) for path in (PACKAGE / "src").rglob("*.py")}
    with ZipFile(built.wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
        (licence,) = [name for name in archive.namelist() if name.endswith("LICENSE")]
        assert b"MIT License" in archive.read(licence)
    assert files == source | {"auth_api_sdk/py.typed"}
    with tarfile.open(built.sdist) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {f"src/{name}" for name in files} | {"README.md", "LICENSE", "pyproject.toml"} <= names


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_installed_wheel_runs(built: Built, tmp_path: Path, version: str) -> None:
    python = installed(tmp_path / "environment", interpreter(version), str(built.wheel))
    done = run(python, "-W", "error", CONSUMER, folder=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "logged-out\n")


def test_installed_sdist_runs(built: Built, tmp_path: Path) -> None:
    python = installed(tmp_path / "environment", sys.executable, str(built.sdist))
    done = run(python, CONSUMER, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_mypy_accepts_a_consumer(environment: Path, tmp_path: Path) -> None:
    program = tmp_path / "consumer.py"

    def check(text: str) -> subprocess.CompletedProcess[str]:
        program.write_text(text, encoding="utf-8")
        mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull)
        return run(*mypy, "--python-executable", environment, program, folder=tmp_path)

    text = CONSUMER.read_text(encoding="utf-8")
    assert check(text).stdout.startswith("Success"), check(text).stdout
    assert check(text.replace("user.username, str", "user.username, int")).returncode == 1


def test_pyright_accepts_a_consumer(environment: Path, tmp_path: Path) -> None:
    with skipped_if_not_installed():
        folder = install_npm_packages(Path(__file__).with_name("pyright"), BUILD / "pyright")
    (tmp_path / "consumer.py").write_bytes(CONSUMER.read_bytes())
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "include": ["consumer.py"]}')
    pyright = folder / "node_modules" / "pyright" / "index.js"
    done = run("node", pyright, "--pythonpath", environment, folder=tmp_path)
    assert done.returncode == 0, done.stdout


def test_import_is_fast(environment: Path, tmp_path: Path) -> None:
    # The fastest of several: the machine also does other things.
    times = [float(run(environment, "-c", IMPORT_TIME, folder=tmp_path).stdout) for _ in range(7)]
    assert min(times) <= MAX_IMPORT_SECONDS
