"""The code of docs/clients/single-page-app.md compiles strictly with the installed package."""

import json
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.sdk.typescript.test_package import run
from tests.support.clean_copy import REPOSITORY
from tests.support.walkthrough import all_blocks, blocks

pytestmark = [pytest.mark.slow, pytest.mark.engine_independent]

GUIDE: Final = (REPOSITORY / "docs" / "clients" / "single-page-app.md").read_text(encoding="utf-8")
README: Final = (REPOSITORY / "clients" / "typescript" / "README.md").read_text(encoding="utf-8")


def test_code_of_the_guide_and_of_the_readme_compiles(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "guide"
    shutil.copytree(project, folder, symlinks=True)
    found = {block.info.removeprefix("file:"): block.text for block in all_blocks(GUIDE) if block.info}
    found["readme.ts"] = "".join(blocks(README, "ts"))
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = json.loads((folder / "tsconfig.json").read_text(encoding="utf-8"))
    settings["compilerOptions"]["jsx"] = "react-jsx"
    (folder / "tsconfig.json").write_text(json.dumps({**settings, "files": list(found)}), encoding="utf-8")

    assert len(found) == 5
    run("npx", "--no-install", "tsc", "--noEmit", folder=folder)
