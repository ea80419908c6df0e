"""`auth-api keys`: generate, list and rotate."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from auth_api.cli import commands
from auth_api.kit.crypto.signing import SigningKey
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.settings.environment import given_environment, read_environment
from tests.support.keys import ALGORITHMS, private_pem
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, without keys in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS", "OAUTH_SIGNING_KEYS"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    assert list(tmp_path.glob("*.new")) == []


def keys(*arguments: str, **variables: str) -> Result:
    done = CliRunner().invoke(commands, ["keys", *arguments], env=variables)
    assert done.exit_code == 0, done.output
    return done


def failed(status: int, *arguments: str, **variables: str) -> Result:
    done = CliRunner().invoke(commands, ["keys", "rotate", *arguments], env=variables)
    assert done.exit_code == status, done.output
    assert done.stdout == ""
    return done


def list_keys(**variables: str) -> list[tuple[Any, ...]]:
    """Return algorithm, use and publication of each key."""
    rows = json.loads(keys("list", "--json", **variables).stdout)
    return [(row["algorithm"], row["use"], row["published"]) for row in rows]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("options", [(), ("--one-line",)], ids=["several lines", "one line"])
def test_generated_key_signs(folder: Path, algorithm: str, options: tuple[str, ...]) -> None:
    text = keys("generate", "--algorithm", algorithm.lower(), *options).stdout.removesuffix("\n")

    variable = "JWT_SECRET_KEY" if algorithm == "HS256" else "JWT_PRIVATE_KEY"
    settings = Settings.from_env({"TOKEN_DERIVATION_KEY": SECRET, variable: text})
    assert settings.sessions.keys.current.algorithm == algorithm
    assert settings.sessions.keys.current.bits >= (3072 if algorithm == "RS256" else 256)
    assert len(text.splitlines()) == (1 if algorithm == "HS256" or options else text.count("\n") + 1)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_generated_key_pair_comes_with_the_variables_to_set(folder: Path, algorithm: str) -> None:
    done = keys("generate", "--algorithm", algorithm)

    assert done.stderr == (
        "This is JWT_PRIVATE_KEY. Without JWT_SECRET_KEY, also set TOKEN_DERIVATION_KEY: auth-api secrets generate\n"
    )
    assert "TOKEN_DERIVATION_KEY" not in done.stdout
    assert keys("generate").stderr == ""


def test_list_omits_the_secrets(folder: Path) -> None:
    variables = {"JWT_SECRET_KEY": SECRET, "JWT_NEXT_KEY": private_pem("EdDSA")}

    done = keys("list", **variables)

    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["kid", "algorithm", "bits", "use", "published", "for"]
    assert lines[1][1:] == ["HS256", "320", "signs", "no", "sessions"]
    assert lines[2] == [
        SigningKey.from_pem(private_pem("EdDSA")).kid,
        "EdDSA",
        "256",
        "signs",
        "next",
        "yes",
        "sessions",
    ]
    assert SECRET not in done.output
    assert "PRIVATE" not in done.output


def test_list_shows_the_secret_that_the_server_has_generated(folder: Path) -> None:
    secret = read_environment({}, folder, keep_secret=True)["JWT_SECRET_KEY"]

    assert SigningKey.from_secret(secret).kid in keys("list").output


def test_rotation_changes_the_env_file(folder: Path) -> None:
    dotenv = folder / ".env"
    dotenv.write_text(f"# ours\nPORT=9000\nJWT_SECRET_KEY='{SECRET}'\n")
    dotenv.chmod(0o640)
    seen = [list_keys()]
    for options in (("--algorithm", "EdDSA"), ("--yes",), ("--yes",)):
        done = keys("rotate", "--write", *options)
        assert done.stdout == ""
        assert not any(line in done.stderr for line in dotenv.read_text().splitlines()[1:])
        seen.append(list_keys())

    assert seen == [
        [("HS256", "signs", False)],
        [("HS256", "signs", False), ("EdDSA", "signs next", True)],
        [("EdDSA", "signs", True), ("HS256", "signed before", False)],
        [("EdDSA", "signs", True)],
    ]
    assert dotenv.read_text().startswith(f"# ours\nPORT=9000\nJWT_SECRET_KEY='{SECRET}'\nJWT_PRIVATE_KEY=")
    assert dotenv.stat().st_mode & 0o777 == 0o640


def test_rotation_changes_secret_files(folder: Path) -> None:
    files = {"JWT_PRIVATE_KEY": private_pem("ES256"), "JWT_NEXT_KEY": "", "JWT_PREVIOUS_KEYS": ""}
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o400 | 0o200)
    variables = {f"{name}_FILE": name for name in files} | {"TOKEN_DERIVATION_KEY": SECRET}

    keys("rotate", "--write", **variables)
    during = list_keys(**variables)
    keys("rotate", "--write", "--yes", **variables)

    assert during == [("ES256", "signs", True), ("ES256", "signs next", True)]
    assert list_keys(**variables) == [("ES256", "signs", True), ("ES256", "signed before", True)]
    assert (folder / "JWT_NEXT_KEY").read_text() == ""
    assert "PRIVATE" not in (folder / "JWT_PREVIOUS_KEYS").read_text(), "verifying needs no private key"
    assert {(folder / name).stat().st_mode & 0o777 for name in files} == {0o600}


def test_printed_variables_are_valid_in_a_shell_and_in_an_env_file(folder: Path) -> None:
    odd = 'it\'s-a-"secret"-with-$signs;0123456789'
    first = keys("rotate", "--algorithm", "RS256", JWT_SECRET_KEY=odd).stdout
    (folder / ".env").write_text(first)
    second = json.loads(keys("rotate", "--json", "--yes", JWT_SECRET_KEY=odd).stdout)

    assert second["stage"] == "sign"
    assert list(second["changes"]) == ["JWT_PREVIOUS_KEYS", "JWT_PRIVATE_KEY", "JWT_NEXT_KEY"]
    assert json.loads(second["changes"]["JWT_PREVIOUS_KEYS"]) == [odd]
    assert given_environment({}, folder)["JWT_NEXT_KEY"] == second["changes"]["JWT_PRIVATE_KEY"]


def test_rotation_keeps_previous_keys_that_commas_separate(folder: Path) -> None:
    variables = {"JWT_SECRET_KEY": SECRET, "JWT_NEXT_KEY": SECRET[::-1], "JWT_PREVIOUS_KEYS": f"{SECRET}0,{SECRET}1"}

    step = json.loads(keys("rotate", "--json", "--yes", **variables).stdout)

    assert json.loads(step["changes"]["JWT_PREVIOUS_KEYS"]) == [SECRET, f"{SECRET}0", f"{SECRET}1"]


@pytest.mark.parametrize("step", ["JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS"])
def test_step_that_may_be_too_early_needs_confirmation(folder: Path, step: str) -> None:
    done = failed(2, JWT_SECRET_KEY=SECRET, **{step: SECRET[::-1]})

    assert "Not a terminal. Pass --yes to confirm." in done.stderr


def test_nothing_is_changed_without_a_writable_place(folder: Path) -> None:
    without_file = failed(1, "--write", JWT_SECRET_KEY=SECRET)
    (folder / ".env").write_text(f"JWT_NEXT_KEY='{SECRET[::-1]}'\n")
    in_environment = failed(1, "--write", "--yes", JWT_SECRET_KEY=SECRET)

    assert str(without_file.exception).startswith(
        "JWT_NEXT_KEY can be written neither to .env nor to a JWT_NEXT_KEY_FILE."
    )
    assert str(in_environment.exception).startswith(
        "JWT_SECRET_KEY can be written neither to .env nor to a JWT_SECRET_KEY_FILE."
    )
    assert (folder / ".env").read_text() == f"JWT_NEXT_KEY='{SECRET[::-1]}'\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write to every file")
def test_readonly_secret_file_is_not_changed(folder: Path) -> None:
    (folder / "next").touch(0o400)

    done = failed(1, "--write", JWT_SECRET_KEY=SECRET, JWT_NEXT_KEY_FILE="next")

    assert "is not writable" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        ((), {}, "No key is set. To replace the secret that the server has generated, delete its file."),
        (
            ("--algorithm", "EdDSA"),
            {"JWT_SECRET_KEY": SECRET, "JWT_NEXT_KEY": SECRET[::-1]},
            "A rotation is in progress",
        ),
        (
            ("--algorithm", "HS256"),
            {"JWT_PRIVATE_KEY": private_pem("EdDSA"), "TOKEN_DERIVATION_KEY": SECRET},
            "A key pair cannot be replaced by a shared secret",
        ),
        (
            ("--yes",),
            {"JWT_PRIVATE_KEY": private_pem("EdDSA"), "TOKEN_DERIVATION_KEY": SECRET, "JWT_NEXT_KEY": SECRET[::-1]},
            "JWT_NEXT_KEY is a shared secret, but the current key is a key pair.",
        ),
    ],
)
def test_impossible_rotation_is_explained(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str], message: str
) -> None:
    assert message in failed(1, *arguments, **variables).stderr


def test_generated_oauth_keys_are_accepted(folder: Path) -> None:
    for options in ((), ("--one-line",)):
        done = keys("generate", "--oauth", *options)
        settings = Settings.from_env({"JWT_SECRET_KEY": SECRET, "OAUTH_SIGNING_KEYS": done.stdout})
        assert [(key.algorithm, key.bits) for key in settings.of(OAuthPolicy).keys.keys] == [
            ("RS256", 3072),
            ("ES256", 256),
        ]
        assert "OAUTH_SIGNING_KEYS_FILE" in done.stderr


def test_oauth_key_is_rotated_in_three_steps(folder: Path) -> None:
    """With each step, one more restart: all verify the tokens of all others at any time."""
    (folder / "keys.pem").write_text(OAUTH_SIGNING_KEYS)
    variables = {"JWT_SECRET_KEY": SECRET, "OAUTH_SIGNING_KEYS_FILE": "keys.pem"}
    lists = []
    for said in ("publish the next key", "sign with", "remove the previous key"):
        lists.append(oauth_keys(**variables))
        done = keys("rotate", "--oauth", "--algorithm", "rs256", "--write", "--yes", **variables)
        assert said in done.stderr
        assert "PRIVATE" not in done.output
    before, published, signing, after = *lists, oauth_keys(**variables)

    assert [use for *_, use in published] == ["signs", "signs next", "signs"]
    assert [use for *_, use in signing] == ["signs", "signed before", "signs"]
    assert published[0] == before[0]
    assert [key[:2] for key in (signing[0], signing[1])] == [published[1][:2], published[0][:2]]
    assert after == [signing[0], before[1]]


def test_rotation_of_oauth_keys_needs_keys_and_an_algorithm(folder: Path) -> None:
    assert "delete its file" in failed(1, "--oauth", "--algorithm", "RS256", JWT_SECRET_KEY=SECRET).stderr
    variables = {"JWT_SECRET_KEY": SECRET, "OAUTH_SIGNING_KEYS": OAUTH_SIGNING_KEYS}
    for options in ((), ("--algorithm", "EdDSA")):
        assert "--algorithm RS256 or ES256" in failed(1, "--oauth", *options, **variables).stderr
    off = {"JWT_SECRET_KEY": SECRET, "OAUTH_ENABLED": "false"}
    assert "has no RS256 key" in failed(1, "--oauth", "--algorithm", "RS256", **off).stderr


def oauth_keys(**variables: str) -> list[tuple[str, str, str]]:
    """Return algorithm, id and use of each key of the OAuth provider."""
    rows = json.loads(keys("list", "--json", **variables).stdout)
    return [(row["algorithm"], row["kid"], row["use"]) for row in rows if row["for"] == "applications"]
