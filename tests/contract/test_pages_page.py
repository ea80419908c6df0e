"""docs/pages.md names the pages that exist, and settings that are valid."""

import re
from pathlib import Path
from typing import Final

import pytest
from litestar import Litestar

from auth_api.settings import Settings
from auth_api.settings.catalogue import VARIABLES
from auth_api.settings.env_file import parse_env_file

pytestmark = pytest.mark.engine_independent

PAGE: Final = (Path(__file__).parents[2] / "docs" / "pages.md").read_text(encoding="utf-8")

WITH_PROVIDERS: Final = {"identities", "login/provider", "login/sign-up"}
"""Pages that the application of the tests does not have, as it has no providers."""


def test_page_lists_the_pages_that_exist(app: Litestar) -> None:
    """The pages of a step below another page are not listed: people do not begin there."""
    section = PAGE.partition("\n## Which pages there are\n")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`/account/?([\w/-]*)`", "".join(re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE))))
    existing = {"" if name == "account" else name for name in app.state.pages}

    assert len(listed) > 20
    assert {name for name in listed if name not in existing} == WITH_PROVIDERS
    assert {name for name in existing - listed if name.rpartition("/")[0] not in listed - {""}} == set()


def test_settings_of_the_brand_are_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```sh\n(BRAND_.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "logo.svg"
    file.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    parsed = parse_env_file(example.replace("/etc/auth-api/logo.svg", str(file)).encode())

    assert (parsed.problems, list(parsed.unknown_names(VARIABLES))) == ((), [])
    pages = Settings.from_env({**parsed.values, "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"}).pages
    assert (pages.name, pages.links.home, pages.accent) == ("Acme Notes", "https://app.example.com", "#0f766e")
