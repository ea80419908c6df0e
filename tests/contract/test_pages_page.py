"""docs/pages.md names settings that are valid."""

import re
from pathlib import Path
from typing import Final

import pytest

from auth_api.settings import Settings
from auth_api.settings.catalogue import VARIABLES
from auth_api.settings.env_file import parse_env_file

pytestmark = pytest.mark.engine_independent

PAGE: Final = (Path(__file__).parents[2] / "docs" / "pages.md").read_text(encoding="utf-8")


def test_settings_of_the_brand_are_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```sh\n(BRAND_.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "logo.svg"
    file.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    parsed = parse_env_file(example.replace("/etc/auth-api/logo.svg", str(file)).encode())

    assert (parsed.problems, list(parsed.unknown_names(VARIABLES))) == ((), [])
    pages = Settings.from_env({**parsed.values, "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"}).pages
    assert (pages.name, pages.links.home, pages.accent) == ("Acme Notes", "https://app.example.com", "#0f766e")
