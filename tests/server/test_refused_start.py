"""A server that cannot start prints one sentence that says why, and exits."""

import re
import socket
import subprocess

import pytest

from tests.support.deployment import Deployment
from tests.support.processes import free_port

pytestmark = pytest.mark.slow


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the only line that a failed command printed, without `Error: `."""
    assert done.stdout == ""
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line.removeprefix("Error: ")


def test_serve_with_a_port_in_use_fails(deployment: Deployment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = deployment.command("serve", "--port", str(port))

    assert only_line(done) == (
        f"Cannot listen on 127.0.0.1:{port}: address already in use. Choose another address with HOST=… or PORT=…."
    )


@pytest.mark.parametrize(
    "host", ["no-such-host.invalid", "192.0.2.1"], ids=["does not resolve", "not an address of this machine"]
)
def test_serve_with_an_unavailable_host_fails(deployment: Deployment, host: str) -> None:
    port = free_port()

    done = deployment.command("serve", "--host", host, "--port", str(port))

    assert re.fullmatch(
        rf"Cannot listen on {re.escape(host)}:{port}: .+\. Choose another address with HOST=… or PORT=…\.",
        only_line(done),
    )


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("serve",), "folder"),
        (("serve",), "not a database"),
        (("serve",), "below a file"),
        (("serve",), "missing folder"),
        (("migrate",), "missing folder"),
        (("migrate", "--check"), "folder"),
        (("users", "list"), "not a database"),
    ],
)
def test_command_with_an_unusable_sqlite_database_fails(
    deployment: Deployment, engine: str, command: tuple[str, ...], what: str
) -> None:
    if engine != "sqlite":
        pytest.skip("for SQLite only")
    path = deployment.folder / "odd.db"
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"This is not a database." * 100)
    url = f"sqlite:///{path}" + {"below a file": "/auth.db", "missing folder": "-missing/auth.db"}.get(what, "")

    port = ["--port", str(free_port())] if command == ("serve",) else []
    done = deployment.command(*command, *port, DATABASE_URL=url)

    assert re.fullmatch(r"The database .*cannot be used: .+\.", only_line(done))


@pytest.mark.parametrize("command", [("serve",), ("users", "list")], ids=" ".join)
def test_command_with_pending_migrations_fails_and_names_the_fix(
    unmigrated: Deployment, engine: str, command: tuple[str, ...]
) -> None:
    if engine != "postgres":
        pytest.skip("an SQLite database is migrated at startup")
    port = ["--port", str(free_port())] if command == ("serve",) else []

    done = unmigrated.command(*command, *port)

    assert re.fullmatch(r"\d+ migrations are pending\. Run: auth-api migrate", only_line(done))


@pytest.mark.parametrize("command", [("serve",), ("users", "list")], ids=" ".join)
def test_all_invalid_settings_are_reported_at_once(deployment: Deployment, command: tuple[str, ...]) -> None:
    done = deployment.command(
        *command, PORT="eighty", WORKERS="0", JWT_SECRET_KEY="too-short", LOG_LEVEL="loud", DATABASE_URL="mysql://db"
    )

    assert (done.returncode, done.stdout) == (2, "")
    headline, *lines = done.stderr.splitlines()
    assert headline == "The settings are invalid:"
    assert sorted(line.partition(" ")[0] for line in lines) == [
        "DATABASE_URL",
        "JWT_SECRET_KEY",
        "LOG_LEVEL",
        "PORT",
        "WORKERS",
    ]
    assert all(re.search(r"\. (Example: |Run auth-api secrets generate)", line) for line in lines)
    assert "too-short" not in done.stderr


def test_serve_without_a_writable_folder_for_the_development_secret_fails(deployment: Deployment) -> None:
    """Not even root can create a file below a regular file."""
    (deployment.folder / "file").touch()
    url = f"sqlite:///{deployment.folder}/file/auth.db"

    done = deployment.command("serve", ENVIRONMENT="development", JWT_SECRET_KEY="", DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "The settings are invalid:\n"
        f"The generated secret cannot be stored in {deployment.folder}/file/auth.db.secret: not a directory. "
        "Make the folder writable, or set JWT_SECRET_KEY.\n"
    )
