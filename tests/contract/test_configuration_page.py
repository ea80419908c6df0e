"""docs/configuration.md is generated, complete, and right about defaults."""

from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from auth_api.settings import Settings
from auth_api.settings.catalogue import SECTIONS
from auth_api.settings.reader import Environment, InvalidSettingsError
from auth_api.settings.values import text_of
from tests.support.configuration_page import configuration_page
from tests.support.setting_values import setting_values

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]
REQUIRED: Final = {
    "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2",
    "DATABASE_URL": "postgresql://auth@localhost/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
}
FIELDS: Final = [field for fields in SECTIONS.values() for field in fields]


class RecordingEnviron(dict[str, str]):
    """Environment variables that record which names are read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # narrower on purpose
        self.names.add(name)
        return super().get(name, default)


def test_configuration_page_is_generated() -> None:
    assert (REPOSITORY / "docs/configuration.md").read_text(encoding="utf-8") == configuration_page(), "run: make docs"


def test_configuration_page_lists_the_variables_that_are_read() -> None:
    environ = RecordingEnviron()
    with suppress(InvalidSettingsError):  # the key is missing
        Settings.from_env(environ)

    listed = [field.setting.variable for field in FIELDS]
    assert sorted(listed) == sorted(environ.names)


@pytest.mark.parametrize("environment", Environment)
def test_documented_defaults_are_used(environment: Environment) -> None:
    environ = {**REQUIRED, "ENVIRONMENT": environment}
    settings = setting_values(Settings.from_env(environ))
    changed = []
    for field in FIELDS:
        setting = field.setting
        default = text_of(setting.default_in.get(environment, field.default), setting)
        is_literal = default and not setting.default_text and setting.variable not in environ
        if is_literal and setting_values(Settings.from_env({**environ, setting.variable: default})) != settings:
            changed.append(setting.variable)

    assert changed == []
