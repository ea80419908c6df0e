"""Install the clients into `build/oauth-clients`, once: from npm, the Go module proxy and Maven."""

import os
import shutil
from pathlib import Path
from typing import Final

from tests.support.installing import BUILD, install, install_npm_packages, require

HERE: Final = Path(__file__).parent
FOLDER: Final = BUILD / "oauth-clients"

OAUTH2_PROXY: Final = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"


def install_node_clients() -> Path:
    """Return a folder with openid-client, oidc-client-ts and the programs that use them.

    Raises:
        NotInstalledError: Node.js or npm was not found, or the packages cannot be installed.
    """
    return install_npm_packages(HERE / "node", FOLDER / "node")


def install_go_client() -> Path:
    """Return the program that uses go-oidc.

    Raises:
        NotInstalledError: Go was not found, or the program cannot be built.
    """
    require("go")
    program = FOLDER / "go-client"
    install(["go", "build", "-o", str(program), "."], HERE / "go")
    return program


def install_oauth2_proxy() -> Path:
    """Return oauth2-proxy, which takes 90 s to build; the checksum database of Go checks its source.

    Raises:
        NotInstalledError: Go was not found, or the program cannot be built.
    """
    require("go")
    program = FOLDER / "oauth2-proxy"
    if not program.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        install(["go", "install", OAUTH2_PROXY], FOLDER, {**os.environ, "GOBIN": str(FOLDER)})
    return program


def install_spring_client() -> Path:
    """Return a folder with the classes of a Spring Boot application, and their libraries in `lib`.

    Raises:
        NotInstalledError: Java or Maven was not found, or the application cannot be built.
    """
    require("java", "javac", "mvn")
    folder = FOLDER / "spring"
    shutil.copytree(HERE / "spring", folder, dirs_exist_ok=True)
    if not (folder / "lib").exists():
        install(["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=lib"], folder)
    install(["javac", "-parameters", "-cp", "lib/*", "-d", ".", "App.java"], folder)
    return folder
