"""The Markdown pages: links lead to existing files and headings, and generated pages are up to date."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from tests.support.database_schema import indexes
from tests.support.roles_page import complete_app, roles_page
from tests.support.schema_page import schema_page

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]
FOLDERS: Final = ("", "docs", "docs/clients", "clients/python", "clients/typescript", "benchmarks")
PAGES: Final = sorted(page for folder in FOLDERS for page in (REPOSITORY / folder).glob("*.md"))

_FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def internal_links() -> Iterator[tuple[Path, str]]:
    """Yield the links of each page that lead to a file of the repository."""
    for page in PAGES:
        for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            if "://" not in target and not target.startswith("mailto:"):
                yield page, target


def anchors(page: Path) -> set[str]:
    """Return the fragments that GitHub makes of a page's headings."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def is_valid(page: Path, target: str) -> bool:
    path, _, fragment = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists() or not file.is_relative_to(REPOSITORY):
        return False
    return not fragment or fragment in anchors(file)


def test_internal_links_lead_to_existing_files_and_headings() -> None:
    links = [*internal_links()]

    assert len(links) > 20
    assert [f"{page.name}: {target}" for page, target in links if not is_valid(page, target)] == []


def test_pages_include_the_main_documents() -> None:
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "architecture.md"} <= {page.name for page in PAGES}


def test_roles_page_is_up_to_date() -> None:
    """After a change of a permission, of a built-in role or of a route that needs one, run `make docs`."""
    assert (REPOSITORY / "docs/roles.md").read_text(encoding="utf-8") == roles_page(complete_app())


async def test_schema_page_is_up_to_date(database_url: str, app: object) -> None:
    assert (REPOSITORY / "docs/schema.md").read_text(encoding="utf-8") == schema_page(await indexes(database_url))
