"""Blanks, quotes and byte order marks around values: removed or refused, in each variable and each file."""

from pathlib import Path
from typing import Any

import pytest

from auth_api.settings import Settings
from auth_api.settings.catalogue import SECRET_VARIABLES, SECTIONS
from auth_api.settings.environment import read_environment
from auth_api.settings.reader import InvalidSettingsError
from tests.support.setting_values import setting_values

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
VALUES = {
    "JWT_SECRET_KEY": SECRET,
    "JWT_NEXT_KEY": SECRET[::-1],
    "JWT_PREVIOUS_KEYS": SECRET.upper(),
    "TOKEN_DERIVATION_KEY": SECRET.lower(),
    "METRICS_TOKEN": SECRET,
    "DATA_ENCRYPTION_KEYS": "dk_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    "DATABASE_URL": "sqlite:///./other.db",
    "SMTP_URL": "smtp://u:p@mail.example.com",
    "MAIL_FROM": "Acme <no-reply@example.com>",
    "ENVIRONMENT": "testing",
    "PUBLIC_URL": "https://auth.example.com",
    "FRONTEND_URL": "https://app.example.com",
    "CORS_ORIGINS": "https://app.example.com",
    "PORT": "9000",
    "DOCS_ENABLED": "false",
    "LOG_LEVEL": "warning",
    "JWT_AUDIENCE": "them",
    "ACCESS_TOKEN_EXPIRE_MINUTES": "5",
}
KEYS = tuple(name for name in VALUES if name in SECRET_VARIABLES)


def read(environ: dict[str, str], folder: Path) -> Any:
    settings = Settings.from_env(read_environment({"JWT_SECRET_KEY": SECRET, **environ}, folder))
    keys = settings.sessions.keys
    return setting_values(settings), [key.kid for key in (keys.current, *keys.others)]


@pytest.mark.parametrize("variable", VALUES)
@pytest.mark.parametrize(
    "form", ["{} ", " {}", "\t{}\t", "{}\n", "{}\r\n", "\ufeff{}", "\u00a0{}\u00a0", "\ufeff {}\n\n"]
)
def test_blanks_around_a_value_are_removed(tmp_path: Path, variable: str, form: str) -> None:
    plain = read({variable: VALUES[variable], "MAIL_FROM": VALUES["MAIL_FROM"]}, tmp_path)

    assert read({"MAIL_FROM": VALUES["MAIL_FROM"], variable: form.format(VALUES[variable])}, tmp_path) == plain


@pytest.mark.parametrize("variable", KEYS)
@pytest.mark.parametrize("form", ["{} ", "{}\r\n", "\ufeff{}", "\ufeff {}\n\n"])
def test_blanks_around_a_secret_in_a_file_are_removed(tmp_path: Path, variable: str, form: str) -> None:
    (tmp_path / "secret").write_text(form.format(VALUES[variable]))
    plain = read({variable: VALUES[variable], "MAIL_FROM": VALUES["MAIL_FROM"]}, tmp_path)

    found = read({"MAIL_FROM": VALUES["MAIL_FROM"], f"{variable}_FILE": " secret\n"}, tmp_path)

    assert found == plain


@pytest.mark.parametrize("variable", sorted(field.setting.variable for fields in SECTIONS.values() for field in fields))
@pytest.mark.parametrize("form", ['"{}"', "'{}'", "\u201c{}\u201d", "\u2018{}\u2019", ' "{}" \n'])
def test_value_in_quotes_is_refused(variable: str, form: str) -> None:
    value = VALUES.get(variable, "7")
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({"JWT_SECRET_KEY": SECRET, "MAIL_FROM": "a@example.com", variable: form.format(value)})

    found = [str(problem) for problem in raised.value.problems if problem.variable == variable]
    fix = "Remove the quotes: docker --env-file and files of secrets keep them."
    assert found == [f"{variable} is in quotes, which would be a part of the value. {fix}"]
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("variable", KEYS)
def test_file_with_a_value_in_quotes_is_refused(tmp_path: Path, variable: str) -> None:
    (tmp_path / "secret").write_text(f'"{VALUES[variable]}"\n')
    with pytest.raises(InvalidSettingsError, match=f"{variable} is in quotes"):
        read({"MAIL_FROM": "a@example.com", f"{variable}_FILE": "secret"}, tmp_path)


@pytest.mark.parametrize("variable", VALUES)
@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x08"])
def test_control_character_in_a_value_is_refused(variable: str, character: str) -> None:
    value = VALUES[variable]
    with pytest.raises(InvalidSettingsError, match=f"{variable} "):
        Settings.from_env({"JWT_SECRET_KEY": SECRET, variable: value[:2] + character + value[2:]})
