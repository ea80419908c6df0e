"""What keeps a server from starting is said in one clear sentence."""

import re
import socket
import subprocess

import pytest

from tests.support.deployment import Deployment
from tests.support.processes import free_port

pytestmark = pytest.mark.slow


def the_one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return what was said, if it was that short."""
    assert done.stdout == ""
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line.removeprefix("Error: ")


def test_a_port_in_use(deployment: Deployment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = deployment.command("serve", "--port", str(port))

    assert the_one_sentence(done) == (
        f"Cannot listen on 127.0.0.1:{port}: address already in use. Choose another address with HOST=… or PORT=…."
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"], ids=["unresolvable", "not of this machine"])
def test_a_host_that_cannot_be_had(deployment: Deployment, host: str) -> None:
    port = free_port()

    done = deployment.command("serve", "--host", host, "--port", str(port))

    assert re.fullmatch(
        rf"Cannot listen on {re.escape(host)}:{port}: .+\. Choose another address with HOST=… or PORT=…\.",
        the_one_sentence(done),
    )


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("serve",), "a folder"),
        (("serve",), "no database"),
        (("serve",), "below a file"),
        (("serve",), "in no folder"),
        (("migrate",), "in no folder"),
        (("migrate", "--check"), "a folder"),
        (("users", "list"), "no database"),
    ],
)
def test_an_embedded_database_that_cannot_be_used(
    deployment: Deployment, engine: str, command: tuple[str, ...], what: str
) -> None:
    if engine != "sqlite":
        pytest.skip("PostgreSQL is not embedded")
    path = deployment.folder / "odd.db"
    if what == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"This is no database." * 100)
    url = f"sqlite:///{path}" + {"below a file": "/auth.db", "in no folder": "-missing/auth.db"}.get(what, "")

    port = ["--port", str(free_port())] if command == ("serve",) else []
    done = deployment.command(*command, *port, DATABASE_URL=url)

    assert re.fullmatch(r"The database .*cannot be used: .+\.", the_one_sentence(done))


@pytest.mark.parametrize("command", [("serve",), ("users", "list")], ids=" ".join)
def test_pending_migrations_name_the_command_to_run(
    unmigrated: Deployment, engine: str, command: tuple[str, ...]
) -> None:
    if engine != "postgres":
        pytest.skip("the embedded database is migrated at the start")
    port = ["--port", str(free_port())] if command == ("serve",) else []

    done = unmigrated.command(*command, *port)

    assert re.fullmatch(r"\d+ migrations are pending\. Run: auth-api migrate", the_one_sentence(done))


@pytest.mark.parametrize("command", [("serve",), ("users", "list")], ids=" ".join)
def test_all_wrong_settings_are_told_at_once(deployment: Deployment, command: tuple[str, ...]) -> None:
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
    assert all("Example: " in line for line in lines)
    assert "too-short" not in done.stderr


def test_a_folder_that_cannot_keep_the_development_secret(deployment: Deployment) -> None:
    """Below a regular file not even root may write."""
    (deployment.folder / "file").touch()
    url = f"sqlite:///{deployment.folder}/file/auth.db"

    done = deployment.command("serve", ENVIRONMENT="development", JWT_SECRET_KEY="", DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "The settings are invalid:\n"
        f"The generated secret cannot be stored in {deployment.folder}/file/auth.db.secret: not a directory. "
        "Make the folder writable, or set JWT_SECRET_KEY.\n"
    )
