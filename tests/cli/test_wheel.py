"""The installed package works outside the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

REPOSITORY = Path(__file__).parents[2]
BUILT_FROM = [
    "auth_api",
    "piccolo_migrations",
    "pyproject.toml",
    "hatch_build.py",
    "README.md",
    "LICENSE",
    ".gitignore",
]


@pytest.fixture(scope="session")
def site_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that contains the unpacked wheel.

    The build hook that copies bundles from build requirements is off: they already are in the source tree.
    """
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site-packages")
    for name in BUILT_FROM:
        path = REPOSITORY / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(path, source / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"],
        cwd=source,
        env={**os.environ, "HATCH_BUILD_NO_HOOKS": "true"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    (wheel,) = (source / "dist").iterdir()
    with ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_wheel_contains_the_data_files(site_packages: Path) -> None:
    package = site_packages / "auth_api"
    bundles = {path.name for path in (package / "kit" / "http" / "docs_pages" / "bundles").iterdir()}
    migrations = {path.name for path in (REPOSITORY / "piccolo_migrations").glob("*.py")}

    assert bundles >= {"swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "redoc.LICENSE"}
    assert {path.name for path in (package / "piccolo_migrations").glob("*.py")} == migrations
    assert (package / "users" / "common_passwords.txt").stat().st_size > 100_000
    assert (package / "users" / "common_passwords.LICENSE").exists()
    assert (package / "web" / "frame" / "assets" / "pages.js").exists()
    assert (package / "web" / "mail_pages" / "templates" / "reset_password.html").exists()
    assert (package / "web" / "frame" / "messages" / "de.mo").exists()
    assert (package / "py.typed").exists()
    assert {path.name for path in site_packages.iterdir() if not path.name.endswith(".dist-info")} == {"auth_api"}


def test_server_runs_from_the_installed_package(deployment: Deployment, site_packages: Path) -> None:
    ada = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
    with (
        deployment.server(PYTHONPATH=str(site_packages)) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        assert client.get("/health/ready").status_code == 200
        assert client.post("/api/auth/register", json=ada).status_code == 201
        assert client.get("/schema/assets/swagger-ui-bundle.js").status_code == 200
        assert client.get("/schema/assets/redoc.standalone.js").status_code == 200
        assert server.stop() == 0


def test_piccolo_migrates_with_the_installed_package(unmigrated: Deployment, site_packages: Path) -> None:
    environment = {**unmigrated.environ, "PYTHONPATH": str(site_packages), "PICCOLO_CONF": "auth_api.piccolo_conf"}
    done = subprocess.run(
        [Path(sys.executable).with_name("piccolo"), "migrations", "forwards", "auth_api"],
        env=clean_environment(environment),
        cwd=unmigrated.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    place = subprocess.run(
        [sys.executable, "-c", "from auth_api.piccolo_app import APP_CONFIG as c; print(c.migrations_folder_path)"],
        env=clean_environment(environment),
        cwd=unmigrated.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert Path(place.stdout.strip()) == site_packages / "auth_api" / "piccolo_migrations"
    assert unmigrated.command("migrate", "--check").returncode == 0
