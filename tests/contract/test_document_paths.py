"""The files, commands, make targets and classes that the documents name exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from auth_api.cli import commands
from tests.support.source_tree import MODULES

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]
PACKAGE: Final = REPOSITORY / "auth_api"
DOCUMENTS: Final = {
    str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8")
    for path in sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), REPOSITORY / "docs/alerts.yml"])
    if path.name != "CHANGELOG.md"  # also names what an earlier version had
}
MAX_README_LINES: Final = 150
MAX_IMAGE_BYTES: Final = 150_000

_CODE: Final = re.compile(r"`([^`\n]+)`")
_PATH: Final = re.compile(
    r"(?:[\w.*-]+/)+(?:[\w.*-]+\.(?:py|md|toml|txt|yml|yaml|sh|js|ts|css|html|conf|ini|svg|service))?"
)
_SPECIFICATION: Final = "app/"
"""Paths of the specification, which CONTRIBUTING.md translates."""


def named_paths() -> Iterator[tuple[str, str]]:
    """Yield each document with each path that it names in code style."""
    for document, text in DOCUMENTS.items():
        for code in _CODE.findall(text):
            if _PATH.fullmatch(code) and not code.startswith(_SPECIFICATION):
                yield document, code


def exists(path: str) -> bool:
    return any(any(folder.glob(path.rstrip("/"))) for folder in (REPOSITORY, PACKAGE))


def test_paths_named_in_documents_exist() -> None:
    named = set(named_paths())

    assert len(named) > 150
    assert sorted(place for place in named if not exists(place[1])) == []


def named_commands() -> Iterator[tuple[str, str]]:
    """Yield each document with each `auth-api` command that it names, up to the first option or argument."""
    for document, text in DOCUMENTS.items():
        for words in re.findall(r"\bauth-api ((?:[a-z][a-z-]*(?: |\b))+)(?![.:/_])", text):
            yield document, words.strip()


def is_command(words: str) -> bool:
    """Return whether the words begin with a command; words after it may be arguments or prose."""
    found: click.Command = commands
    for word in words.split():
        if not isinstance(found, click.Group):
            return True
        if word not in found.commands:
            return False
        found = found.commands[word]
    return not isinstance(found, click.Group) or words in commands.commands


def test_commands_named_in_documents_exist() -> None:
    named = set(named_commands())

    assert len(named) > 30
    assert sorted(place for place in named if not is_command(place[1])) == []


def test_make_targets_named_in_documents_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    named = {(document, name) for document, text in DOCUMENTS.items() for name in re.findall(r"`make ([a-z-]+)", text)}

    assert len(named) > 20
    assert sorted(place for place in named if place[1] not in targets) == []


def test_services_named_in_contributing_exist() -> None:
    defined = {node.name for module in MODULES for node in module.nodes if isinstance(node, ast.ClassDef)}
    rows = re.findall(r"^\| `[^|]*\| ([^|]*) \|$", DOCUMENTS["CONTRIBUTING.md"], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", row)}

    assert len(named) >= 4
    assert named <= defined


def test_testing_page_lists_the_test_folders() -> None:
    table = DOCUMENTS["docs/testing.md"].partition("## Where a test belongs")[2].partition("\n## ")[0]
    listed = {name for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in _CODE.findall(row)}
    files = [path.relative_to(REPOSITORY / "tests") for path in REPOSITORY.glob("tests/*/**/*.py")]

    folders = {path.parts[0] for path in files}
    packages = {path.name for path in PACKAGE.iterdir() if path.is_dir()}

    assert listed <= folders
    assert folders - packages - {"support"} <= listed


def test_sequence_diagrams_contain_no_semicolon() -> None:
    """Mermaid ends a message at a semicolon and does not draw the diagram."""
    diagrams = [
        diagram for text in DOCUMENTS.values() for diagram in re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    ]

    assert diagrams
    assert [diagram for diagram in diagrams if diagram.startswith("sequenceDiagram") and ";" in diagram] == []


def test_readme_is_short() -> None:
    assert len(DOCUMENTS["README.md"].splitlines()) <= MAX_README_LINES


def test_images_are_small() -> None:
    images = [*REPOSITORY.glob("docs/images/*")]

    assert images
    assert [image.name for image in images if image.stat().st_size > MAX_IMAGE_BYTES] == []
