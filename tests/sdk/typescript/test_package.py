"""The TypeScript package as an application installs it."""

import gzip
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

import auth_api
import auth_api_sdk
from tests.sdk.typescript.conftest import SOURCE
from tests.support.clean_copy import REPOSITORY
from tests.support.deployment import Deployment
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

MAX_CORE_BYTES = 6 * 1024
MAX_HOOK_BYTES = 512
FIRST_SECONDS = 6 * TIMEOUT_SECONDS


def run(*command: str, folder: Path) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=FIRST_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.engine_independent
def test_versions_follow_the_server() -> None:
    manifest = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))

    assert manifest["version"] == auth_api_sdk.__version__ == auth_api.__version__


@pytest.mark.engine_independent
def test_licence_is_that_of_the_repository() -> None:
    licence = (REPOSITORY / "LICENSE").read_bytes()

    assert (SOURCE / "LICENSE").read_bytes() == licence
    assert (REPOSITORY / "clients" / "python" / "LICENSE").read_bytes() == licence


@pytest.mark.engine_independent
@pytest.mark.parametrize("folder", ["clients/typescript", "examples/spa-react"])
def test_locks_name_no_registry(folder: str) -> None:
    lock = (REPOSITORY / folder / "package-lock.json").read_text(encoding="utf-8")

    assert '"integrity"' in lock
    assert re.findall(r'"resolved"|https?://[^"]*(?:registry|\.tgz)', lock) == []


@pytest.mark.engine_independent
def test_package_contains_what_it_needs_and_nothing_else(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        names = {name.removeprefix("package/") for name in packed.getnames()}

    assert {"package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "dist/react.js"} <= names
    assert {name.partition("/")[0] for name in names} <= {"package.json", "README.md", "LICENSE", "dist", "src"}


@pytest.mark.engine_independent
def test_package_has_no_dependency_and_no_side_effect() -> None:
    manifest = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))

    assert "dependencies" not in manifest
    assert (manifest["sideEffects"], manifest["peerDependenciesMeta"]["react"]["optional"]) == (False, True)


@pytest.mark.engine_independent
def test_types_are_those_of_the_openapi_document(package: Path) -> None:
    document = REPOSITORY / "tests" / "contract" / "openapi.json"
    generated = package / "generated.ts"
    options = ("--default-non-nullable=false", "--output", str(generated))
    run("npx", "--no-install", "openapi-typescript", str(document), *options, folder=package)

    assert generated.read_bytes() == (SOURCE / "src" / "api.ts").read_bytes(), "run `make client`"


@pytest.mark.engine_independent
def test_linters_of_packages_find_nothing(package: Path, archive: Path) -> None:
    assert "All good" in run("npx", "--no-install", "publint", "--strict", folder=package)
    run("npx", "--no-install", "attw", "--profile", "esm-only", str(archive), folder=package)


@pytest.mark.engine_independent
@pytest.mark.parametrize(("name", "limit"), [("index", MAX_CORE_BYTES), ("react", MAX_HOOK_BYTES)])
def test_package_is_small(package: Path, tmp_path: Path, name: str, limit: int) -> None:
    bundle = tmp_path / f"{name}.js"
    options = ("--bundle", "--minify", "--format=esm", "--external:react", "--log-level=warning", f"--outfile={bundle}")
    run("npx", "--no-install", "esbuild", f"dist/{name}.js", *options, folder=package)

    assert len(gzip.compress(bundle.read_bytes(), 9)) <= limit


@pytest.mark.engine_independent
def test_import_reads_and_connects_nothing(project: Path) -> None:
    traps = "for (const name of ['fetch','localStorage','sessionStorage','document','navigator'])"
    script = (
        f"{traps} Object.defineProperty(globalThis, name, {{ get() {{ throw new Error(name + ' was read') }} }});"
        "const { createAuthClient } = await import('auth-api-sdk'); await import('auth-api-sdk/react');"
        "console.log(process._getActiveHandles().filter((each) => each.constructor.name !== 'WriteStream').length)"
    )

    assert run("node", "--input-type=module", "--eval", script, folder=project).strip() == "0"


def test_strict_project_compiles_and_runs_a_session(project: Path, deployment: Deployment) -> None:
    run("npx", "--no-install", "tsc", folder=project)
    with deployment.server() as server:
        printed = run("node", "out/session.js", server.url, folder=project)

    assert printed.startswith("The installed client registered")
