"""Install two OpenID providers into `build/providers`, once: oidc-provider from npm, and Keycloak from Maven."""

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE.parent.parent / "build" / "providers"

KEYCLOAK_VERSION: Final = "26.0.7"
KEYCLOAK_SHA256: Final = "a6d770bbf55625781f1225a54a130839cdc1dd4ad5b3b4bbb18c9ac8bca8f8ae"


class NotInstalledError(Exception):
    """A provider cannot be installed; the message says why."""


def install_oidc_provider() -> Path:
    """Return a folder with the packages of `oidc-provider/package-lock.json` and `server.mjs`.

    Raises:
        NotInstalledError: Node.js or npm was not found, or the packages cannot be installed.
    """
    _require("node", "npm")
    folder = FOLDER / "oidc-provider"
    lock = HERE / "oidc-provider" / "package-lock.json"
    if not (folder / "node_modules").is_dir() or (folder / lock.name).read_bytes() != lock.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / "oidc-provider", folder)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], folder)
    shutil.copy(HERE / "oidc-provider" / "server.mjs", folder)
    return folder


def install_keycloak() -> Path:
    """Return the folder of an unpacked Keycloak.

    Raises:
        NotInstalledError: Java or Maven was not found, or Keycloak cannot be downloaded.
    """
    _require("java", "mvn")
    folder = FOLDER / f"keycloak-{KEYCLOAK_VERSION}"
    if folder.is_dir():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    artifact = f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}:tar.gz"
    _run(["mvn", "--quiet", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={FOLDER}"], FOLDER)
    archive = FOLDER / f"keycloak-quarkus-dist-{KEYCLOAK_VERSION}.tar.gz"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != KEYCLOAK_SHA256:
        message = f"{archive.name} has the SHA-256 digest {digest}"
        raise NotInstalledError(message)
    with tarfile.open(archive) as packed:
        packed.extractall(FOLDER, filter="data")
    archive.unlink()
    return folder


def _require(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        message = f"not found: {', '.join(missing)}"
        raise NotInstalledError(message)


def _run(command: list[str], folder: Path) -> None:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode:
        message = f"`{' '.join(command)}` failed: {finished.stderr or finished.stdout}"
        raise NotInstalledError(message)
