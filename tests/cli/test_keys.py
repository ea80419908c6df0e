"""`auth-api keys`: made, looked at, and replaced where the variables lie."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from auth_api.cli import commands
from auth_api.kit.crypto.signing import SigningKey
from auth_api.settings import Settings
from auth_api.settings.environment import given_environment
from tests.support.keys import ALGORITHMS, private_pem

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder; none of its variables is set outside of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    assert list(tmp_path.glob("*.new")) == []


def keys(*arguments: str, **variables: str) -> Result:
    done = CliRunner().invoke(commands, ["keys", *arguments], env=variables)
    assert done.exit_code == 0, done.output
    return done


def refused(status: int, *arguments: str, **variables: str) -> Result:
    done = CliRunner().invoke(commands, ["keys", "rotate", *arguments], env=variables)
    assert done.exit_code == status, done.output
    assert done.stdout == ""
    return done


def listed(**variables: str) -> list[tuple[Any, ...]]:
    """Return algorithm, use and whether it is published, of each key."""
    rows = json.loads(keys("list", "--json", **variables).stdout)
    return [(row["algorithm"], row["use"], row["published"]) for row in rows]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("options", [(), ("--one-line",)], ids=["as it is", "in one line"])
def test_a_key_that_is_made_signs(folder: Path, algorithm: str, options: tuple[str, ...]) -> None:
    text = keys("generate", "--algorithm", algorithm.lower(), *options).stdout.removesuffix("\n")

    variable = "JWT_SECRET_KEY" if algorithm == "HS256" else "JWT_PRIVATE_KEY"
    settings = Settings.from_env({"TOKEN_DERIVATION_KEY": SECRET, variable: text})
    assert settings.sessions.keys.current.algorithm == algorithm
    assert settings.sessions.keys.current.bits >= (3072 if algorithm == "RS256" else 256)
    assert len(text.splitlines()) == (1 if algorithm == "HS256" or options else text.count("\n") + 1)


def test_keys_are_listed_by_their_ids_alone(folder: Path) -> None:
    variables = {"JWT_SECRET_KEY": SECRET, "JWT_NEXT_KEY": private_pem("EdDSA")}

    done = keys("list", **variables)

    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["kid", "algorithm", "bits", "use", "published"]
    assert lines[1][1:] == ["HS256", "320", "signs", "no"]
    assert lines[2] == [SigningKey.from_pem(private_pem("EdDSA")).kid, "EdDSA", "256", "signs", "next", "yes"]
    assert SECRET not in done.output
    assert "PRIVATE" not in done.output


def test_a_rotation_changes_the_file_that_has_the_variables(folder: Path) -> None:
    dotenv = folder / ".env"
    dotenv.write_text(f"# ours\nPORT=9000\nJWT_SECRET_KEY='{SECRET}'\n")
    dotenv.chmod(0o640)
    seen = [listed()]
    for options in (("--algorithm", "EdDSA"), ("--yes",), ("--yes",)):
        done = keys("rotate", "--write", *options)
        assert done.stdout == ""
        assert not any(line in done.stderr for line in dotenv.read_text().splitlines()[1:])
        seen.append(listed())

    assert seen == [
        [("HS256", "signs", False)],
        [("HS256", "signs", False), ("EdDSA", "signs next", True)],
        [("EdDSA", "signs", True), ("HS256", "signed before", False)],
        [("EdDSA", "signs", True)],
    ]
    assert dotenv.read_text().startswith(f"# ours\nPORT=9000\nJWT_SECRET_KEY='{SECRET}'\nJWT_PRIVATE_KEY=")
    assert dotenv.stat().st_mode & 0o777 == 0o640


def test_a_rotation_changes_files_of_secrets(folder: Path) -> None:
    files = {"JWT_PRIVATE_KEY": private_pem("ES256"), "JWT_NEXT_KEY": "", "JWT_PREVIOUS_KEYS": ""}
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o400 | 0o200)
    variables = {f"{name}_FILE": name for name in files} | {"TOKEN_DERIVATION_KEY": SECRET}

    keys("rotate", "--write", **variables)
    during = listed(**variables)
    keys("rotate", "--write", "--yes", **variables)

    assert during == [("ES256", "signs", True), ("ES256", "signs next", True)]
    assert listed(**variables) == [("ES256", "signs", True), ("ES256", "signed before", True)]
    assert (folder / "JWT_NEXT_KEY").read_text() == ""
    assert "PRIVATE" not in (folder / "JWT_PREVIOUS_KEYS").read_text(), "who only verifies needs no private key"
    assert {(folder / name).stat().st_mode & 0o777 for name in files} == {0o600}


def test_what_is_printed_can_be_put_into_a_shell_and_into_a_file(folder: Path) -> None:
    odd = 'it\'s a "secret" with $signs and a space, 0123456789'
    first = keys("rotate", "--algorithm", "RS256", JWT_SECRET_KEY=odd).stdout
    (folder / ".env").write_text(first)
    second = json.loads(keys("rotate", "--json", "--yes", JWT_SECRET_KEY=odd).stdout)

    assert second["stage"] == "sign"
    assert list(second["changes"]) == ["JWT_PREVIOUS_KEYS", "JWT_PRIVATE_KEY", "JWT_NEXT_KEY"]
    assert json.loads(second["changes"]["JWT_PREVIOUS_KEYS"]) == [odd]
    assert given_environment({}, folder)["JWT_NEXT_KEY"] == second["changes"]["JWT_PRIVATE_KEY"]


@pytest.mark.parametrize("step", ["JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS"])
def test_a_step_that_may_come_too_early_is_asked_about(folder: Path, step: str) -> None:
    done = refused(2, JWT_SECRET_KEY=SECRET, **{step: SECRET[::-1]})

    assert "There is nobody to ask: give --yes if this is meant." in done.stderr


def test_what_cannot_be_written_is_left_alone(folder: Path) -> None:
    nowhere = refused(1, "--write", JWT_SECRET_KEY=SECRET)
    (folder / ".env").write_text(f"JWT_NEXT_KEY='{SECRET[::-1]}'\n")
    real = refused(1, "--write", "--yes", JWT_SECRET_KEY=SECRET)

    assert str(nowhere.exception).startswith("JWT_NEXT_KEY can be written neither to .env nor to a file that JWT_NEXT")
    assert str(real.exception).startswith("JWT_SECRET_KEY can be written neither to .env nor to a file")
    assert (folder / ".env").read_text() == f"JWT_NEXT_KEY='{SECRET[::-1]}'\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_of_a_secret_that_is_read_only_is_left_alone(folder: Path) -> None:
    (folder / "next").touch(0o400)

    done = refused(1, "--write", JWT_SECRET_KEY=SECRET, JWT_NEXT_KEY_FILE="next")

    assert "cannot be written to" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        ((), {}, "No key is set. Development keeps one of its own: to replace it, remove its file."),
        (("--algorithm", "EdDSA"), {"JWT_SECRET_KEY": SECRET, "JWT_NEXT_KEY": SECRET[::-1]}, "A rotation is under way"),
        (
            ("--algorithm", "HS256"),
            {"JWT_PRIVATE_KEY": private_pem("EdDSA"), "TOKEN_DERIVATION_KEY": SECRET},
            "From a key pair there is no way back to a shared secret",
        ),
        (
            ("--yes",),
            {"JWT_PRIVATE_KEY": private_pem("EdDSA"), "TOKEN_DERIVATION_KEY": SECRET, "JWT_NEXT_KEY": SECRET[::-1]},
            "JWT_NEXT_KEY is a shared secret, and the current key is a key pair.",
        ),
    ],
)
def test_what_cannot_be_done_is_told(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    assert says in refused(1, *arguments, **variables).stderr
