"""Lines of `.env`: those that cannot be read stop the start by number, and unknown names are reported."""

import json
from pathlib import Path

import pytest

from auth_api.settings import Settings
from auth_api.settings.environment import read_environment
from auth_api.settings.files import UnreadableFileError
from auth_api.settings.reader import InvalidSettingsError
from tests.support.processes import run_cli

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
BODY = "MC4CAQAwBQYDK2VwBCIEIPnNqMVtqVviiqGZCBxGhunter2nFc5BzWGjCioMj0U="
PEM = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"


def problems(folder: Path, content: str | bytes) -> list[str]:
    (folder / ".env").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFileError) as raised:
        read_environment({}, folder)
    assert "hunter2" not in str(raised.value)
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    "line",
    [
        b'ENVIRONMENT="production',
        b"ENVIRONMENT='production",
        b'ENVIRONMENT="production" live',
        b"ENVIRONMENT='production' live",
        b"ENVIRONMENT: production",
        b"set ENVIRONMENT=production",
        b"ENVIRONMENT",
        b"ENVIRONMENT production",
        b"=production",
        b"ENV IRONMENT=production",
        b"ENVIRON-MENT=production",
        b"2ENVIRONMENT=production",
        b'"ENVIRONMENT"=production',
        b"ENVIRONMENT=pro\x00duction",
        b"ENVIRONMENT=pro\x1bduction",
        b"ENVIRONMENT=pro\xffduction",
        b"ENVIRONMENT=\xe4",
        b'{"ENVIRONMENT": "production"}',
        b"<<<<<<< hunter2",
        b'ENVIRONMENT="pro\\aduction"',
    ],
)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_line_that_cannot_be_read_stops_the_start_by_its_number(tmp_path: Path, line: bytes, ending: bytes) -> None:
    found = problems(tmp_path, b"# ours\n\n" + line + ending)

    assert [sentence.partition(" of .env ")[0] for sentence in found] == ["line 3"]


def test_all_lines_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, f"PORT: 1\nHOST=a\nJWT_PRIVATE_KEY={PEM}\n\n\nWORKERS='1\n")

    assert [sentence.partition(" of .env ")[0] for sentence in found] == ["line 1", "line 5", "line 8"]


def test_file_in_another_encoding_is_told_by_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, "PORT=1\n".encode("utf-16")) == [
        "line 1 of .env is not text in UTF-8: save the file in this encoding."
    ]


def test_folder_and_dangling_link_are_not_taken_for_a_missing_file(tmp_path: Path) -> None:
    """Docker creates a folder in place of a mounted file that does not exist."""
    expected = f"{tmp_path / '.env'} is not a file: replace the folder, or the link to a missing file, by one."

    (tmp_path / ".env").mkdir()
    with pytest.raises(UnreadableFileError) as folder:
        read_environment({}, tmp_path)
    (tmp_path / ".env").rmdir()
    (tmp_path / ".env").symlink_to("nowhere")
    with pytest.raises(UnreadableFileError) as link:
        read_environment({}, tmp_path)

    assert (str(folder.value), str(link.value)) == (expected, expected)


def test_name_that_is_set_twice_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, "PORT=1\nHOST=a\nexport PORT=1\n") == [
        "line 3 of .env sets PORT of line 1 again: remove one."
    ]
    assert problems(tmp_path, "qhX5RkTz=1\nqhX5RkTz=1\n") == [
        "line 2 of .env sets the variable of line 1 again: remove one."
    ]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("JWT_AUDIENCE=a", "a"),
        ("export JWT_AUDIENCE=a", "a"),
        ("JWT_AUDIENCE = a ", "a"),
        ("JWT_AUDIENCE='a b'", "a b"),
        ('JWT_AUDIENCE="a b" # ours', "a b"),
        ("JWT_AUDIENCE=a # ours", "a"),
        ("JWT_AUDIENCE=a#b", "a#b"),
        ("JWT_AUDIENCE=", ""),
        ("\ufeffJWT_AUDIENCE=a", "a"),
        ("JWT_AUDIENCE=it's", "it's"),
        ("JWT_AUDIENCE=${HOME}", "${HOME}"),
        ("JWT_AUDIENCE=$HOME", "$HOME"),
        ("HOME=x\nJWT_AUDIENCE='${HOME}'", "${HOME}"),
    ],
)
def test_line_is_read_without_substitution(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n")

    assert read_environment({"JWT_SECRET_KEY": SECRET}, tmp_path)["JWT_AUDIENCE"] == value


def test_pem_key_in_quotes_may_have_several_lines(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f'JWT_PRIVATE_KEY="{PEM}"\nPORT=1\n')

    assert read_environment({}, tmp_path) == {"JWT_PRIVATE_KEY": PEM, "PORT": "1"}


def test_sender_of_the_error_text_can_be_pasted(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({"JWT_SECRET_KEY": SECRET, "MAIL_FROM": "Acme: Auth <a@example.com>"})
    line = str(raised.value).partition("in .env: ")[2].partition(". ")[0]
    (tmp_path / ".env").write_text(f"{line}\nJWT_SECRET_KEY={SECRET}\n")

    settings = Settings.from_env(read_environment({}, tmp_path))

    assert settings.mail.product == "Your Company: Support"


@pytest.mark.parametrize("variable", ["JWT_AUDIENCE", "JWT_ISSUER", "HOST", "PUBLIC_URL", "DATABASE_URL", "MAIL_FROM"])
@pytest.mark.parametrize("text", ["${HUNTER2}", "a-${HUNTER2}", "$(hunter2)", "{{ hunter2 }}"])
def test_placeholder_is_refused(variable: str, text: str) -> None:
    text = f"postgresql://auth:{text}@db/auth".replace(" ", "") if variable == "DATABASE_URL" else text
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({"JWT_SECRET_KEY": SECRET, variable: text})

    assert str(raised.value).startswith(f"{variable} ")
    assert "hunter2" not in str(raised.value).lower()


@pytest.mark.parametrize(
    "command",
    [("serve",), ("doctor",), ("migrate",), ("users", "list"), ("keys", "list"), ("cleanup",), ("limits",)],
    ids=" ".join,
)
def test_every_command_stops_at_a_line_that_cannot_be_read(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / ".env").write_text('ENVIRONMENT="production hunter2\nPORT=1\n')

    done = run_cli(*command, env={}, cwd=tmp_path)

    assert done.returncode == 2
    assert "line 1 of .env cannot be read" in done.stdout + done.stderr
    assert not any(word in done.stdout + done.stderr for word in ("hunter2", "python-dotenv", "Traceback"))
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_doctor_lists_lines_that_cannot_be_read_as_json(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT: 1\nHOST: a\n")

    done = run_cli("doctor", "--json", env={}, cwd=tmp_path)

    assert [(found["check"], found["verdict"]) for found in json.loads(done.stdout)] == [("settings", "fail")] * 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("ENVIROMENT=production", "line 2 of .env sets ENVIROMENT, which is not a setting. Did you mean ENVIRONMENT?"),
        ("PUBLIC_URI=x", "line 2 of .env sets PUBLIC_URI, which is not a setting. Did you mean PUBLIC_URL?"),
        ("port=1", "line 2 of .env sets a variable that is not a setting. Did you mean PORT?"),
        ("JWT_SECRET=x", "line 2 of .env sets JWT_SECRET, which is not a setting. Did you mean JWT_SECRET_KEY?"),
        ("POSTGRES_DB=x", "line 2 of .env sets POSTGRES_DB, which is not a setting."),
        ("hunter2=x", "line 2 of .env sets a variable that is not a setting."),
    ],
)
def test_doctor_fails_for_an_unknown_name(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / ".env").write_text(f"JWT_SECRET_KEY={SECRET}\n{line}\n")

    done = run_cli("doctor", "--json", env={}, cwd=tmp_path)

    found = [finding for finding in json.loads(done.stdout) if finding["check"] == "settings.names"]
    assert [(finding["verdict"], finding["message"]) for finding in found] == [("fail", sentence)]
    assert done.returncode == 1


@pytest.mark.parametrize("command", [("serve",), ("limits",)], ids=" ".join)
def test_server_and_commands_warn_of_an_unknown_name(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The host, which cannot be listened on, ends the start after the warning."""
    (tmp_path / ".env").write_text("ENVIROMENT=production\nHOST=256.0.0.1\n")

    done = run_cli(*command, env={}, cwd=tmp_path)

    assert done.stderr.startswith(
        "Warning: line 1 of .env sets ENVIROMENT, which is not a setting. Did you mean ENVIRONMENT?\n"
    )


@pytest.mark.parametrize("command", [("serve",), ("doctor",)], ids=" ".join)
def test_misspelled_name_of_a_missing_setting_is_reported(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / ".env").write_text(f"ENVIRONMENT=production\nJWT_SECRET_KEY={SECRET}\nDATABSE_URL=sqlite:///auth.db\n")

    done = run_cli(*command, env={}, cwd=tmp_path)

    assert done.returncode == 2
    text = " ".join((done.stdout + done.stderr).split())
    assert "line 3 of .env sets DATABSE_URL, which is not a setting. Did you mean DATABASE_URL?" in text


def test_misspelled_name_in_the_environment_is_a_warning(tmp_path: Path) -> None:
    environ = {"JWT_SECRET_KEY": SECRET, "ENVIROMENT": "production", "POSTGRES_DB": "x", "HOSTNAME": "y"}
    sentence = "the environment sets ENVIROMENT, which is not a setting. Did you mean ENVIRONMENT?"

    served = run_cli("serve", env={**environ, "HOST": "256.0.0.1"}, cwd=tmp_path)
    found = json.loads(run_cli("doctor", "--json", env=environ, cwd=tmp_path).stdout)

    assert served.stderr.startswith(f"Warning: {sentence}\n")
    names = [finding for finding in found if finding["check"] == "settings.names"]
    assert [(finding["verdict"], finding["message"]) for finding in names] == [("warn", sentence)]
