"""The TypeScript package, built and packed as an application would install it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.clean_copy import REPOSITORY
from tests.support.installed_browsers import chromium_or_skip, running_firefox
from tests.support.installing import install, install_npm_packages, skipped_if_not_installed
from tests.support.programs import program

SOURCE = REPOSITORY / "clients" / "typescript"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `clients/typescript` with its packages, built."""
    with skipped_if_not_installed():
        copied = install_npm_packages(SOURCE, tmp_path_factory.mktemp("clients") / "typescript")
    install(["npm", "run", "--silent", "build"], copied)
    return copied


@pytest.fixture(scope="session")
def archive(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that `npm pack` makes of it."""
    folder = tmp_path_factory.mktemp("packed")
    install(["npm", "pack", "--silent", "--pack-destination", str(folder)], package)
    (packed,) = folder.iterdir()
    return packed


@pytest.fixture(scope="session")
def project(archive: Path, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project in which the archive is installed, with React and the compiler."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(Path(__file__).parent / "consumer", folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
    installed = [package / "node_modules" / name for name in ("typescript", "react", "@types/react", "csstype")]
    command = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--install-links"]
    install([*command, str(archive), *map(str, installed)], folder)
    return folder


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser, shared by the tests of this folder."""
    async with chromium_or_skip() as browser:
        yield browser


@pytest.fixture(scope="session")
async def firefox() -> AsyncIterator[Browser]:
    """Firefox ESR, shared by the tests of this folder."""
    async with running_firefox(program("firefox-esr")) as browser:
        yield browser


@pytest.fixture(params=["chromium", "firefox"])
def each_browser(request: pytest.FixtureRequest) -> Browser:
    """Chromium, then Firefox."""
    browser: Browser = request.getfixturevalue(request.param)
    return browser
