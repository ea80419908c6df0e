"""The code of docs/clients/test-your-app.md runs as it stands."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.clean_copy import REPOSITORY
from tests.support.processes import clean_environment
from tests.support.walkthrough import all_blocks

pytestmark = pytest.mark.engine_independent

PAGE: Final = (REPOSITORY / "docs" / "clients" / "test-your-app.md").read_text(encoding="utf-8")
OTHER_PLUGINS: Final = ("cacheprovider", "randomly", "asyncio")
"""Of auth_api's own tests."""


def test_documented_tests_pass_in_a_folder_of_their_own(tmp_path: Path) -> None:
    for block in all_blocks(PAGE):
        (tmp_path / block.info.removeprefix("file:")).write_text(block.text, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", *(f"-p no:{name}" for name in OTHER_PLUGINS)],
        cwd=tmp_path,
        env=clean_environment({}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "4 passed" in done.stdout, done.stdout
    assert done.returncode == 0
