"""Install two OpenID providers into `build/providers`, once: oidc-provider from npm, and Keycloak from Maven."""

import hashlib
import tarfile
from pathlib import Path
from typing import Final

from tests.support.installing import BUILD, NotInstalledError, install, install_npm_packages, require

HERE: Final = Path(__file__).parent
FOLDER: Final = BUILD / "providers"

KEYCLOAK_VERSION: Final = "26.0.7"
KEYCLOAK_SHA256: Final = "a6d770bbf55625781f1225a54a130839cdc1dd4ad5b3b4bbb18c9ac8bca8f8ae"


def install_oidc_provider() -> Path:
    """Return a folder with the packages of `oidc-provider/package-lock.json` and `server.mjs`.

    Raises:
        NotInstalledError: Node.js or npm was not found, or the packages cannot be installed.
    """
    return install_npm_packages(HERE / "oidc-provider", FOLDER / "oidc-provider")


def install_keycloak() -> Path:
    """Return the folder of an unpacked Keycloak.

    Raises:
        NotInstalledError: Java or Maven was not found, or Keycloak cannot be downloaded.
    """
    require("java", "mvn")
    folder = FOLDER / f"keycloak-{KEYCLOAK_VERSION}"
    if folder.is_dir():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    artifact = f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}:tar.gz"
    install(["mvn", "--quiet", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={FOLDER}"], FOLDER)
    archive = FOLDER / f"keycloak-quarkus-dist-{KEYCLOAK_VERSION}.tar.gz"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != KEYCLOAK_SHA256:
        message = f"{archive.name} has the SHA-256 digest {digest}"
        raise NotInstalledError(message)
    with tarfile.open(archive) as packed:
        packed.extractall(FOLDER, filter="data")
    archive.unlink()
    return folder
