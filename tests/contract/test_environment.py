"""Sources of variables: the process, `.env`, secret files, and outside production a generated secret."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auth_api.doctor.files import check_files
from auth_api.doctor.keys import check_keys
from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.settings.catalogue import SECRET_VARIABLES
from auth_api.settings.environment import given_environment, read_environment
from auth_api.settings.files import UnreadableFileError
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
    "DATA_ENCRYPTION_KEYS",
    "OAUTH_SIGNING_KEYS",
)


def test_secret_variables_are_those_that_contain_secrets() -> None:
    assert sorted(SECRET_VARIABLES) == sorted(FILE_VARIABLES)


def test_secret_of_a_provider_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / ".env").write_text("PROVIDERS=google, acme-staff\n")

    read = given_environment({"PROVIDER_ACME_STAFF_CLIENT_SECRET_FILE": "secret"}, tmp_path)

    assert read["PROVIDER_ACME_STAFF_CLIENT_SECRET"] == SECRET
    (finding,) = check_files({**read, "ENVIRONMENT": "testing"}, tmp_path, DatabasePolicy(sqlite_path=None))[1:]
    assert finding.check == "files.PROVIDER_ACME_STAFF_CLIENT_SECRET"


def test_environment_overrides_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1111\nHOST=from-the-file\n# LOG_LEVEL=x\nEMPTY=\n")

    read = read_environment({"PORT": "2222", "JWT_SECRET_KEY": SECRET}, tmp_path)

    assert read == {"PORT": "2222", "HOST": "from-the-file", "EMPTY": "", "JWT_SECRET_KEY": SECRET}


@pytest.mark.parametrize("variable", FILE_VARIABLES)
def test_secret_can_be_read_from_a_file(tmp_path: Path, variable: str) -> None:
    """Files of container secrets often end with a line break."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")

    read = read_environment({f"{variable}_FILE": str(file), variable: "overridden"}, tmp_path)

    assert read[variable] == SECRET


@pytest.mark.parametrize("variable", FILE_VARIABLES)
@pytest.mark.parametrize("content", ["", " \n", "\ufeff"], ids=["empty", "blank", "byte order mark"])
def test_empty_secret_file_is_reported(tmp_path: Path, variable: str, content: str) -> None:
    """A secret that is not mounted yet must not leave the default in force; a rotation empties the files of keys."""
    (tmp_path / "secret").write_text(content)
    environ = {f"{variable}_FILE": "secret"}

    if variable in {"JWT_PRIVATE_KEY", "JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS"}:
        assert read_environment(environ, tmp_path)[variable] == ""
        return
    with pytest.raises(UnreadableFileError) as raised:
        read_environment(environ, tmp_path)

    assert str(raised.value) == (
        f"{variable}_FILE names {tmp_path / 'secret'}, which is empty: "
        f"write the secret into it, or remove {variable}_FILE."
    )


def test_relative_secret_file_is_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / ".env").write_text("JWT_SECRET_KEY_FILE=secret\n")

    assert read_environment({}, tmp_path)["JWT_SECRET_KEY"] == SECRET


def test_env_file_in_a_folder_that_may_not_be_entered_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user id is not the one of its working directory."""

    def refuse(_: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)

    assert given_environment({"HOST": "::"}, tmp_path) == {"HOST": "::"}
    ring = KeyRing(SigningKey.from_secret(SECRET))
    assert check_keys(ring, {}, tmp_path, now=datetime.now(UTC))[0].message.endswith("created at the first start.")
    assert check_files({}, tmp_path, DatabasePolicy(sqlite_path="auth.db")) == []


def test_env_file_that_may_not_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / ".env").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(UnreadableFileError, match="cannot be read: permission denied"):
        given_environment({}, tmp_path)


def test_missing_secret_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read_environment({"JWT_SECRET_KEY_FILE": "nowhere"}, tmp_path)

    assert str(raised.value) == (
        f"JWT_SECRET_KEY_FILE names {tmp_path / 'nowhere'}, which cannot be read: no such file or directory."
    )


@pytest.mark.parametrize(
    "secret",
    [
        "postgresql://auth:hunter2@db.internal:5432/auth",
        "FxF5-dlQRWOH8_6Tpwiu1dw3FF_lwOsFJQbrNFBcazZjY0knTwjacEXYohunter2",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPnNqMVtqhunter2\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIPnNqMVtqhunter2\\n-----END PRIVATE KEY-----",
        "b0VjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU+hunter2==",
        "smtp://mailer:hunter2@mail.internal",
        "hunter2" * 60,
        '["hunter2", "b"]',
    ],
)
def test_secret_in_the_variable_of_its_file_is_not_shown(tmp_path: Path, secret: str) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read_environment({"JWT_PRIVATE_KEY_FILE": secret}, tmp_path)

    assert str(raised.value) == (
        "JWT_PRIVATE_KEY_FILE must be the path of a file that contains the secret, not the secret itself."
    )


@pytest.mark.parametrize(
    "path", ["/run/secrets/jwt", "./jwt", "../jwt", "~/jwt", "secrets/jwt", "jwt.key", "secrets/of-the-server/jwt.pem"]
)
def test_path_of_a_missing_secret_file_is_shown(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnreadableFileError, match=rf"names {tmp_path / path}, which cannot be read"):
        read_environment({"JWT_PRIVATE_KEY_FILE": path}, tmp_path)


def test_all_secret_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT: 1\n")

    with pytest.raises(UnreadableFileError) as raised:
        read_environment({"JWT_SECRET_KEY_FILE": "a", "METRICS_TOKEN_FILE": "b"}, tmp_path)

    assert [line.split()[0] for line in str(raised.value).splitlines()] == [
        "line",
        "JWT_SECRET_KEY_FILE",
        "METRICS_TOKEN_FILE",
    ]


def test_secret_file_that_is_not_text_is_reported(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")

    with pytest.raises(UnreadableFileError, match="which cannot be read: it is not text"):
        read_environment({"JWT_SECRET_KEY_FILE": "secret"}, tmp_path)


def test_env_file_that_is_not_text_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff")

    with pytest.raises(UnreadableFileError) as raised:
        read_environment({}, tmp_path)

    assert str(raised.value) == "line 1 of .env is not text in UTF-8: save the file in this encoding."


@pytest.mark.parametrize(
    ("url", "file_name"),
    [
        ("sqlite:///./auth.db", "auth.db.secret"),
        ("sqlite:///data.db", "data.db.secret"),
        ("postgresql://a@b/c", "auth_api.secret"),
        ("", "auth.db.secret"),
    ],
)
def test_generated_secret_is_stored_next_to_the_database(tmp_path: Path, url: str, file_name: str) -> None:
    first = read_environment({"DATABASE_URL": url}, tmp_path, keep_secret=True)
    second = read_environment({"DATABASE_URL": url}, tmp_path, keep_secret=True)

    file = tmp_path / file_name
    keys = file.with_suffix(".oauth.secret")
    assert set(tmp_path.iterdir()) == {file, keys}
    assert file.read_text() == first["JWT_SECRET_KEY"] == second["JWT_SECRET_KEY"]
    assert keys.read_text() == first["OAUTH_SIGNING_KEYS"] == second["OAUTH_SIGNING_KEYS"]
    assert len(first["JWT_SECRET_KEY"]) == 64


def test_generated_secret_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        read_environment({}, tmp_path, keep_secret=True)
    finally:
        os.umask(before)

    for name in ("auth.db.secret", "auth.db.oauth.secret"):
        assert oct((tmp_path / name).stat().st_mode & 0o777) == "0o600"


def test_generated_secret_is_stored_only_on_request(tmp_path: Path) -> None:
    first, second = (read_environment({}, tmp_path)["JWT_SECRET_KEY"] for _ in range(2))

    assert first != second
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["", "sqlite:///data.db", "postgresql://a@b/c"])
def test_commands_read_the_secret_that_the_server_has_stored(tmp_path: Path, url: str) -> None:
    """Keys have its `kid`, and throttle counters are found by it."""
    server = read_environment({"DATABASE_URL": url}, tmp_path, keep_secret=True)

    command = read_environment({"DATABASE_URL": url}, tmp_path)

    assert command["JWT_SECRET_KEY"] == server["JWT_SECRET_KEY"]
    assert command["OAUTH_SIGNING_KEYS"] == server["OAUTH_SIGNING_KEYS"]


def test_stored_secret_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "auth.db.secret").write_bytes(b"\xff\xfe")

    with pytest.raises(UnreadableFileError, match=r"auth\.db\.secret cannot be read: it is not text"):
        read_environment({}, tmp_path)


@pytest.mark.parametrize("given", [{"JWT_SECRET_KEY": SECRET}, {"JWT_PRIVATE_KEY": "a key"}])
def test_secret_is_not_generated_if_a_key_is_set(tmp_path: Path, given: dict[str, str]) -> None:
    given["OAUTH_ENABLED"] = "false"

    assert read_environment(given, tmp_path, keep_secret=True) == given
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", ["production", "Production"])
def test_secret_is_not_generated_in_production(tmp_path: Path, environment: str) -> None:
    read = read_environment({"ENVIRONMENT": environment}, tmp_path, keep_secret=True)

    assert read == {"ENVIRONMENT": environment}
    assert list(tmp_path.iterdir()) == []


def test_unwritable_file_of_the_generated_secret_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read_environment({"DATABASE_URL": "sqlite:///missing/auth.db"}, tmp_path, keep_secret=True)

    assert str(raised.value) == (
        f"The generated secret cannot be stored in {tmp_path / 'missing/auth.db.secret'}: no such file or directory. "
        "Make the folder writable, or set JWT_SECRET_KEY."
    )


def test_empty_file_of_the_generated_secret_is_filled(tmp_path: Path) -> None:
    """A full disk or a killed process can leave an empty file."""
    (tmp_path / "auth.db.secret").write_text("")

    read = read_environment({}, tmp_path, keep_secret=True)

    assert len(read["JWT_SECRET_KEY"]) == 64


def test_concurrent_starts_generate_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        started = [threads.submit(read_environment, {}, tmp_path, keep_secret=True) for _ in range(8)]

    secrets = {read.result()["JWT_SECRET_KEY"] for read in started}
    assert secrets == {(tmp_path / "auth.db.secret").read_text()}


def test_command_reports_invalid_settings_with_status_two(tmp_path: Path) -> None:
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


def test_command_reads_the_env_file_of_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=hunter2\n")

    done = run_cli("migrate", "--check", env={}, cwd=tmp_path)

    assert (done.returncode, "PORT must be" in done.stderr) == (2, True)
