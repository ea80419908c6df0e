"""Passwords with delimiters in URLs: refused where a URL can be read in two ways, and never shown."""

import re
from pathlib import Path

import pytest

from auth_api.kit.db.policy import DatabasePolicy
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from tests.support.processes import run_cli

pytestmark = pytest.mark.engine_independent

SECRET = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
PASSWORDS = (
    "99/geheim",
    "99?geheim",
    "99#geheim",
    "99@geheim",
    "99%geheim",
    "99 geheim",
    "99\tgeheim",
    "99%00geheim",
    "geheim/99",
    "geheim?99",
    "geheim#99",
    "geheim@99",
    "99/geheim@db2",
    "99?host=geheim",
    "@geheim99",
    "geheim99@",
    "/geheim99",
    "#geheim99",
    "?geheim99",
)
REFUSED = "DATABASE_URL cannot be parsed: write blanks and special characters of the password as %XX"


def parts(password: str) -> list[str]:
    return re.findall(r"[a-z0-9]{2,}", password.replace("host", "").replace("db2", ""))


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_database_url_that_can_be_read_in_two_ways_is_refused(scheme: str, password: str) -> None:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({**SECRET, "DATABASE_URL": f"{scheme}://auth:{password}@db.example:5432/auth"})

    assert str(raised.value).startswith(REFUSED)
    assert not any(part in str(raised.value) for part in parts(password))


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_smtp_url_that_can_be_read_in_two_ways_is_refused(scheme: str, password: str) -> None:
    url = f"{scheme}://mailer:{password}@mail.example:587"
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({**SECRET, "SMTP_URL": url, "MAIL_FROM": "a@example.com"})

    assert str(raised.value).startswith(REFUSED.replace("DATABASE", "SMTP"))
    assert not any(part in str(raised.value).split("Example")[0] for part in parts(password))


@pytest.mark.parametrize("password", PASSWORDS)
def test_place_of_the_database_shows_nothing_of_the_password(password: str) -> None:
    """A policy of a test or a script has not passed the settings."""
    place = DatabasePolicy(postgres_dsn=f"postgresql://auth:{password}@db.example:5432/auth").place

    assert place == "db.example:5432/auth"


@pytest.mark.parametrize("command", [("serve",), ("doctor",), ("doctor", "--json"), ("migrate",), ("users", "list")])
def test_commands_show_nothing_of_an_ambiguous_password(tmp_path: Path, command: tuple[str, ...]) -> None:
    for password in PASSWORDS[:3]:
        url = f"postgresql://auth:{password}@localhost:1/auth"
        done = run_cli(*command, env={**SECRET, "DATABASE_URL": url, "HOST": "127.0.0.1"}, cwd=tmp_path)

        assert done.returncode == 2
        assert "DATABASE_URL cannot be parsed" in done.stdout + done.stderr
        assert not any(part in done.stdout + done.stderr for part in ("geheim", "99"))


@pytest.mark.parametrize("command", [("doctor",), ("migrate",), ("users", "list")])
def test_commands_show_nothing_of_an_escaped_password(tmp_path: Path, command: tuple[str, ...]) -> None:
    url = "postgresql://auth:99%2Fgeheim%40x@localhost:1/auth"

    done = run_cli(*command, env={**SECRET, "DATABASE_URL": url}, cwd=tmp_path)

    assert done.returncode == 1
    assert "localhost:1/auth" in done.stdout + done.stderr
    assert not any(part in done.stdout + done.stderr for part in ("geheim", "99%", "99/"))
