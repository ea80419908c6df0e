"""A copy of the repository without generated files, as after a clone."""

import shutil
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]

_GENERATED: Final = (
    *(".venv", ".git", ".*_cache", ".hypothesis", ".cache", "__pycache__", "bundles", "common_passwords.*", "*.mo"),
    *("*.db*", ".env", "*.secret", "node_modules", "dist", "build"),
)


def copy_repository(folder: Path) -> Path:
    """Copy the repository without generated files to a new folder, and return it."""
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns(*_GENERATED))
    return folder
