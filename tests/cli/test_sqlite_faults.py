"""Every command that cannot use the SQLite file ends in a sentence with the fix, and exit status 1."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.deployment import Deployment
from tests.support.failing_commands import CREATE, LIST, MIGRATE, OTHERS, SERVE, fails

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.slow]


@pytest.fixture
def file(deployment: Deployment) -> Path:
    """The path of a SQLite database that does not exist."""
    return deployment.folder / "odd.db"


def migrate(deployment: Deployment, path: Path) -> None:
    deployment.command("migrate", DATABASE_URL=f"sqlite:///{path}").check_returncode()


def make_folder(_: Deployment, path: Path) -> None:
    path.mkdir()


def write_text(_: Deployment, path: Path) -> None:
    path.write_bytes(b"This is not a database." * 100)


def damage(deployment: Deployment, path: Path) -> None:
    migrate(deployment, path)
    content = bytearray(path.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    path.write_bytes(content)


def add_migration_table(_: Deployment, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE migration (version INTEGER)")


def add_users_table(_: Deployment, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")


@pytest.mark.parametrize("command", [MIGRATE, SERVE, LIST, CREATE, *OTHERS], ids=" ".join)
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (make_folder, "the file cannot be opened. Check the path in DATABASE_URL."),
        (write_text, "the file is not a SQLite database. Correct the path"),
        (damage, "the file is damaged. Restore the last good copy"),
        (add_migration_table, "The table `migration` belongs to another program."),
        (add_users_table, "tables or indexes with the names of auth_api's exist already."),
    ],
    ids=["folder", "text", "damaged", "foreign migration table", "foreign users table"],
)
def test_unusable_file_is_reported(
    deployment: Deployment,
    file: Path,
    command: tuple[str, ...],
    make: Callable[[Deployment, Path], None],
    sentence: str,
) -> None:
    make(deployment, file)

    assert sentence in fails(deployment, command, f"sqlite:///{file}")


@pytest.mark.parametrize("command", [MIGRATE, SERVE, LIST], ids=" ".join)
def test_missing_folder_is_reported(deployment: Deployment, file: Path, command: tuple[str, ...]) -> None:
    line = fails(deployment, command, f"sqlite:///{file}/missing.db")

    assert line.endswith("no such file or directory. Check the path in DATABASE_URL and the permissions of its folder.")


@pytest.mark.parametrize("command", [CREATE, OTHERS[-1]], ids=" ".join)
def test_file_locked_by_another_process_is_reported(
    deployment: Deployment, file: Path, command: tuple[str, ...]
) -> None:
    migrate(deployment, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")

        line = fails(deployment, command, f"sqlite:///{file}", DATABASE_STATEMENT_TIMEOUT="0.1")

    assert line.endswith(
        "cannot be used: another process has locked it. Repeat the command once that process has ended."
    )
