"""The command line as a whole."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from auth_api import __version__
from auth_api.cli import commands
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment

pytestmark = pytest.mark.engine_independent


def paths(command: click.Command, *path: str) -> list[tuple[str, ...]]:
    """Return the words that lead to a command, and to all commands below it."""
    children = command.commands.items() if isinstance(command, click.Group) else ()
    return [path, *(found for name, child in children for found in paths(child, *path, name))]


@pytest.mark.parametrize("command", paths(commands), ids=lambda command: " ".join(command) or "auth-api")
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(commands, [*command, "--help"], prog_name="auth-api")

    assert (done.exit_code, done.stderr) == (0, "")
    usage, _, explanation, *_ = done.stdout.splitlines()
    assert usage.startswith(" ".join(["Usage: auth-api", *command, "["]))
    assert explanation.strip().endswith(".")


def test_a_wrong_command_is_told() -> None:
    done = CliRunner().invoke(commands, ["serv"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert "No such command 'serv'." in done.stderr


def test_module_and_console_script_are_the_same(deployment: Deployment) -> None:
    script = subprocess.run(
        [Path(sys.executable).with_name("auth-api"), "--version"],
        env=clean_environment(deployment.environ),
        cwd=deployment.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert script.stdout == f"auth-api, version {__version__}\n"
    assert deployment.command("--version").stdout == script.stdout


def test_the_openapi_document_is_printed_also_where_its_pages_are_off(deployment: Deployment) -> None:
    done = deployment.command("openapi", DOCS_ENABLED="false")

    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == __version__
    assert "/api/auth/login" in document["paths"]
    assert done.stdout == json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_no_command_leaves_a_secret_behind(deployment: Deployment) -> None:
    """Only a server keeps a development secret; a command needs one for a moment at most."""
    deployment.command("users", "list", ENVIRONMENT="development", JWT_SECRET_KEY="").check_returncode()

    assert list(deployment.folder.glob("*.secret")) == []
