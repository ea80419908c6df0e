"""Files that the driver reads: an error names the file, and a home folder that may not be entered is ignored."""

import errno
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auth_api.kit.db.failures import DATABASE_ERRORS, describe, is_outage
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.postgres import PooledPostgresEngine
from auth_api.kit.db.postgres_files import unreadable_file
from tests.support.processes import free_port

pytestmark = pytest.mark.engine("postgres")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


async def failure(policy: DatabasePolicy, parameters: str) -> str:
    """Connect with these parameters, which must fail, and return what operators read."""
    changed = msgspec.structs.replace(policy, postgres_dsn=f"{policy.postgres_dsn}?{parameters}")
    with pytest.raises(DATABASE_ERRORS) as raised:
        await PooledPostgresEngine(changed).get_new_connection()
    assert is_outage(raised.value)
    return describe(changed, raised.value).partition(f"PostgreSQL at {changed.place}: ")[2]


@pytest.mark.parametrize(
    ("parameter", "rest"),
    [("sslrootcert", ""), ("sslcrl", ""), ("sslcert", ""), ("sslcert", "&sslkey=/missing/key")],
)
async def test_missing_file_of_the_url_is_named(policy: DatabasePolicy, parameter: str, rest: str) -> None:
    found = await failure(policy, f"sslmode=require&{parameter}=/missing/file{rest}")

    assert found == (
        "the file /missing/file cannot be read (no such file or directory). "
        f"Correct {parameter} in DATABASE_URL, or the permissions of the file."
    )


async def test_missing_file_of_the_environment_is_named(
    policy: DatabasePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/missing/file")

    assert (await failure(policy, "sslmode=verify-full")).startswith("the file /missing/file cannot be read")


async def test_folder_in_place_of_a_file_is_named(policy: DatabasePolicy, home: Path) -> None:
    found = await failure(policy, f"sslmode=verify-full&sslrootcert={home}")

    assert found.startswith(f"the file {home} cannot be read (is a directory).")


def test_file_without_permission_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, *__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (home / "ca.pem").touch()
    monkeypatch.setattr(Path, "open", refuse)

    assert unreadable_file(f"postgresql://db/auth?sslrootcert={home}/ca.pem") == (
        "sslrootcert",
        home / "ca.pem",
        "permission denied",
    )


async def test_verification_without_a_certificate_authority_names_the_parameter(policy: DatabasePolicy) -> None:
    found = await failure(policy, "sslmode=verify-full")

    assert found.endswith("sslmode=verify-full also needs sslrootcert.")


async def test_server_without_tls_has_a_sentence_of_its_own(policy: DatabasePolicy) -> None:
    found = await failure(policy, "sslmode=require")

    assert found == "it does not accept TLS. Enable ssl in PostgreSQL, or correct sslmode in DATABASE_URL."


async def test_missing_socket_is_reported(policy: DatabasePolicy, home: Path) -> None:
    local = msgspec.structs.replace(policy, postgres_dsn="postgresql://postgres@/auth")
    found = await failure(local, f"host={home}&port={free_port()}")

    assert found.startswith("a file that it needs cannot be read. Check the files and the socket")


async def test_home_folder_that_may_not_be_entered_is_ignored(
    policy: DatabasePolicy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service may inherit the home folder of root."""
    stat = Path.stat

    def refuse(path: Path, **options: bool) -> os.stat_result:
        if path.is_relative_to(home / ".postgresql"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)

    connection = await PooledPostgresEngine(policy).get_new_connection()
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_home_folder_without_files_is_kept(policy: DatabasePolicy, home: Path) -> None:
    PooledPostgresEngine(policy)

    assert os.environ["HOME"] == str(home)
