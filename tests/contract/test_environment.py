"""Where the variables come from: the process, `.env`, files of secrets, and in development a secret of its own."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auth_api.settings.environment import UnreadableFileError, read_environment
from tests.support.processes import run_cli

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"

FILE_VARIABLES = (
    "DATABASE_URL",
    "JWT_SECRET_KEY",
    "JWT_PRIVATE_KEY",
    "JWT_NEXT_KEY",
    "JWT_PREVIOUS_KEYS",
    "TOKEN_DERIVATION_KEY",
    "SMTP_URL",
    "METRICS_TOKEN",
)


def test_a_real_variable_wins_over_the_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1111\nHOST=from-the-file\n# LOG_LEVEL=x\nEMPTY\n")

    read = read_environment({"PORT": "2222", "JWT_SECRET_KEY": SECRET}, tmp_path)

    assert read == {"PORT": "2222", "HOST": "from-the-file", "JWT_SECRET_KEY": SECRET}


@pytest.mark.parametrize("variable", FILE_VARIABLES)
def test_every_secret_may_lie_in_a_file(tmp_path: Path, variable: str) -> None:
    """Container secrets end with a line break that is not theirs."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")

    read = read_environment({f"{variable}_FILE": str(file), variable: "in the open"}, tmp_path)

    assert read[variable] == SECRET


def test_a_relative_secret_file_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / ".env").write_text("JWT_SECRET_KEY_FILE=secret\n")

    assert read_environment({}, tmp_path)["JWT_SECRET_KEY"] == SECRET


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read_environment({"JWT_SECRET_KEY_FILE": "nowhere"}, tmp_path)

    assert str(refused.value) == (
        f"JWT_SECRET_KEY_FILE names {tmp_path / 'nowhere'}, which cannot be read: no such file or directory."
    )


def test_a_secret_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")

    with pytest.raises(UnreadableFileError, match="which cannot be read: it is not text"):
        read_environment({"JWT_SECRET_KEY_FILE": "secret"}, tmp_path)


def test_an_env_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff")

    with pytest.raises(UnreadableFileError) as refused:
        read_environment({}, tmp_path)

    assert str(refused.value) == f"{tmp_path / '.env'} cannot be read: it is not text."


@pytest.mark.parametrize(
    ("url", "kept_in"),
    [
        ("sqlite:///./auth.db", "auth.db.secret"),
        ("sqlite:///data.db", "data.db.secret"),
        ("postgresql://a@b/c", "auth_api.secret"),
        ("", "auth.db.secret"),
    ],
)
def test_development_keeps_a_secret_beside_its_database(tmp_path: Path, url: str, kept_in: str) -> None:
    first = read_environment({"DATABASE_URL": url}, tmp_path, keep_secret=True)
    second = read_environment({"DATABASE_URL": url}, tmp_path, keep_secret=True)

    file = tmp_path / kept_in
    assert [path.name for path in tmp_path.iterdir()] == [kept_in]
    assert file.read_text() == first["JWT_SECRET_KEY"] == second["JWT_SECRET_KEY"]
    assert len(first["JWT_SECRET_KEY"]) == 64


def test_the_kept_secret_is_its_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        read_environment({}, tmp_path, keep_secret=True)
    finally:
        os.umask(before)

    assert oct((tmp_path / "auth.db.secret").stat().st_mode & 0o777) == "0o600"


def test_a_command_makes_a_secret_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    first, second = (read_environment({}, tmp_path)["JWT_SECRET_KEY"] for _ in range(2))

    assert first != second
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", [{"JWT_SECRET_KEY": SECRET}, {"JWT_PRIVATE_KEY": "a key"}])
def test_no_secret_is_made_up_where_one_is_given(tmp_path: Path, given: dict[str, str]) -> None:
    assert read_environment(given, tmp_path, keep_secret=True) == given
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", ["production", "Production"])
def test_production_makes_no_secret_up(tmp_path: Path, environment: str) -> None:
    read = read_environment({"ENVIRONMENT": environment}, tmp_path, keep_secret=True)

    assert read == {"ENVIRONMENT": environment}
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_cannot_be_kept_is_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read_environment({"DATABASE_URL": "sqlite:///missing/auth.db"}, tmp_path, keep_secret=True)

    assert str(refused.value) == (
        f"The development secret cannot be kept in {tmp_path / 'missing/auth.db.secret'}: no such file or directory. "
        "Make the folder writable, or set JWT_SECRET_KEY."
    )


def test_an_empty_secret_file_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    """What a full disk or a killed process leaves behind."""
    (tmp_path / "auth.db.secret").write_text("")

    read = read_environment({}, tmp_path, keep_secret=True)

    assert len(read["JWT_SECRET_KEY"]) == 64


def test_several_that_start_at_once_keep_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        started = [threads.submit(read_environment, {}, tmp_path, keep_secret=True) for _ in range(8)]

    kept = {read.result()["JWT_SECRET_KEY"] for read in started}
    assert kept == {(tmp_path / "auth.db.secret").read_text()}


def test_the_command_line_says_what_is_wrong_and_ends_with_status_two(tmp_path: Path) -> None:
    env = {"ENVIRONMENT": "production", "PORT": "hunter2", "JWT_SECRET_KEY": "hunter2"}

    done = run_cli("migrate", "--check", env=env, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split()[0] for line in done.stderr.splitlines()] == [
        "The",
        "PORT",
        "PUBLIC_URL",
        "DATABASE_URL",
        "JWT_SECRET_KEY",
    ]
    assert "hunter2" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_environment_file_of_the_working_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=hunter2\n")

    done = run_cli("migrate", "--check", env={}, cwd=tmp_path)

    assert (done.returncode, "PORT must be" in done.stderr) == (2, True)
