"""docs/configuration.md names every variable that the settings read, with its default."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from auth_api.settings import Settings
from auth_api.settings.environment import SECRET_VARIABLES
from auth_api.settings.reader import InvalidSettingsError

REPOSITORY: Final = Path(__file__).parents[2]

_ROW: Final = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \|", re.MULTILINE)
_LITERAL: Final = re.compile(r"^`([\w:./]+)`(?:$|,)")

DEVELOPMENT: Final = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # of texts alone
        self.names.add(name)
        return super().get(name, default)


def documented(page: str) -> dict[str, str]:
    """Return what a page says of each variable's default."""
    _, _, text = (REPOSITORY / page).read_text(encoding="utf-8").partition("# Configuration")
    rows = _ROW.findall(text)
    assert len(rows) == len(dict(rows)), "a variable is listed twice"
    return dict(rows)


def names_read() -> set[str]:
    """Return every variable that any combination asks for."""
    names: set[str] = set()
    kinds: tuple[dict[str, str], ...] = (
        {},
        {"JWT_ALGORITHM": "EdDSA"},
        {"SMTP_URL": "smtp://mail.example.com"},
        {"METRICS_PORT": "9464"},
    )
    for more in kinds:
        environ = Asked(**DEVELOPMENT, **more)
        with suppress(InvalidSettingsError):  # what is wrong was asked for, too
            Settings.from_env(environ)
        names |= environ.names
    return names


def test_the_page_lists_every_variable_and_no_other() -> None:
    assert set(documented("docs/configuration.md")) == names_read()


def test_secrets_in_files_are_those_that_the_page_lists() -> None:
    assert set(SECRET_VARIABLES) <= set(documented("docs/configuration.md"))


@pytest.mark.parametrize(("name", "default"), documented("docs/configuration.md").items())
def test_a_default_is_what_the_page_says(name: str, default: str) -> None:
    literal = _LITERAL.match(default)
    if literal is None or literal[1] in documented("docs/configuration.md"):
        assert default.startswith(("none", "any", "made", "cores", "`")), "a default is a literal or one of few words"
        return

    # As texts: keys are equal to themselves alone, and say nothing of themselves.
    assert repr(Settings.from_env({**DEVELOPMENT, name: literal[1]})) == repr(Settings.from_env(DEVELOPMENT))
