"""Importing the product has no side effects: no connection, no file written, no environment variable read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import clean_environment
from tests.support.source_tree import MODULES

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

READS_ENVIRONMENT = {"auth_api.piccolo_conf"}
"""Modules that must read the environment: the `piccolo` command imports this one to find its engine."""

WATCHED_IMPORT = """
import importlib, json, os, sys

found = []

def watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else "w" in (mode or "")
        if writes and path != os.devnull:
            found.append(f"opens {path} to write")
    elif event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen"}:
        found.append(event)

def watch_environment(name):
    stock = getattr(os._Environ, name)

    def watched(self, *arguments):
        # Libraries may read the environment while they are imported, and gettext reads the language of click's texts
        # from it. The product may not read it otherwise, neither itself nor through a library.
        frame = sys._getframe(1)
        while frame is not None and not any(name in frame.f_code.co_filename for name in ("importlib", "gettext")):
            if f"{os.sep}auth_api{os.sep}" in frame.f_code.co_filename:
                found.append(f"{frame.f_code.co_filename}:{frame.f_lineno} reads the environment {arguments}")
                break
            frame = frame.f_back
        return stock(self, *arguments)

    setattr(os._Environ, name, watched)

for name in ("__getitem__", "__iter__", "__setitem__", "__delitem__"):
    watch_environment(name)
sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
found.append(f"imported {len(sys.argv) - 1}")
print(json.dumps(found))
"""


def import_in_new_process(modules: list[str], folder: Path) -> list[str]:
    """Return the side effects of importing the modules, and the number of modules."""
    environment = clean_environment({"PYTHONDONTWRITEBYTECODE": "1", "JWT_SECRET_KEY": "must-not-be-read"})
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT, *modules],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_import_has_no_side_effects(tmp_path: Path) -> None:
    modules = sorted({module.name for module in MODULES} - READS_ENVIRONMENT)

    found = import_in_new_process(modules, tmp_path)

    assert found == [f"imported {len(modules)}"]
    assert list(tmp_path.iterdir()) == []


def test_import_does_not_break_imports_of_other_libraries(tmp_path: Path) -> None:
    """Submodules of libraries that the product uses can be imported after it, in the same process."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import auth_api.app, jinja2.sandbox, black.mode, yaml.loader; print(jinja2.__version__)",
        ],
        cwd=tmp_path,
        env=clean_environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_import_does_not_load_the_libraries_of_optional_features(tmp_path: Path) -> None:
    """They take up to 0.5 s, which a server without passkeys and identity providers saves."""
    optional = {"auth_api.kit.outbound.connections"}
    modules = sorted({module.name for module in MODULES} - READS_ENVIRONMENT - optional)
    script = "import importlib, sys; list(map(importlib.import_module, sys.argv[1:])); "
    script += "print({'webauthn', 'httpcore2'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", script, *modules],
        cwd=tmp_path,
        env=clean_environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import os; HOME = os.environ.get('HOME')", "reads the environment"),
        ("import os; ALL = dict(os.environ)", "reads the environment"),
        ("open('written', 'a').close()", "to write"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import sqlite3; sqlite3.connect(':memory:').close()", "sqlite3.connect"),
    ],
)
def test_watch_detects_side_effects(tmp_path: Path, statement: str, expected: str) -> None:
    package = tmp_path / "auth_api"
    package.mkdir()
    (package / "__init__.py").write_text(statement)

    found: Any = import_in_new_process(["auth_api"], tmp_path)

    assert any(expected in line for line in found)
