"""All commands: help, unknown commands, entry points."""

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
    """Return the path of a command and of all its subcommands."""
    children = command.commands.items() if isinstance(command, click.Group) else ()
    return [path, *(found for name, child in children for found in paths(child, *path, name))]


@pytest.mark.parametrize("command", paths(commands), ids=lambda command: " ".join(command) or "auth-api")
def test_every_command_has_a_help_text(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(commands, [*command, "--help"], prog_name="auth-api")

    assert (done.exit_code, done.stderr) == (0, "")
    usage, _, help_text, *_ = done.stdout.splitlines()
    assert usage.startswith(" ".join(["Usage: auth-api", *command, "["]))
    assert help_text.strip().endswith(".")


def test_unknown_command_is_rejected() -> None:
    done = CliRunner().invoke(commands, ["serv"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert "No such command 'serv'." in done.stderr


def test_module_and_console_script_print_the_same_version(deployment: Deployment) -> None:
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


def test_openapi_is_printed_even_if_the_documentation_is_off(deployment: Deployment) -> None:
    done = deployment.command("openapi", DOCS_ENABLED="false")

    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == __version__
    assert "/api/auth/login" in document["paths"]
    assert done.stdout == json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_command_stores_no_development_secret(deployment: Deployment) -> None:
    """Only a server stores the development secret."""
    deployment.command("users", "list", ENVIRONMENT="development", JWT_SECRET_KEY="").check_returncode()

    assert list(deployment.folder.glob("*.secret")) == []
