"""The examples of docs/providers.md."""

import re
from pathlib import Path
from typing import Final

import pytest

from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.settings import Settings
from auth_api.settings.catalogue import known_variables
from auth_api.settings.env_file import parse_env_file

pytestmark = pytest.mark.engine_independent

PAGE: Final = (Path(__file__).parents[2] / "docs/providers.md").read_text(encoding="utf-8")


def test_settings_of_the_providers_page_are_valid() -> None:
    """The last example is a part of the first."""
    examples = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    first, company, part = (re.sub(r"^ +", "", text, flags=re.MULTILINE).replace("…", "secret") for text in examples)

    for text, ids in ((first + part, ["google", "microsoft", "github", "staff"]), (company, ["staff"])):
        parsed = parse_env_file(text.encode())
        assert (parsed.problems, list(parsed.unknown_names(known_variables(parsed.values)))) == ((), [])
        settings = Settings.from_env({**parsed.values, "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"})
        configured = settings.of(ProvidersPolicy).configured
        assert [each.id for each in configured] == ids
        assert configured[-1].role_map
