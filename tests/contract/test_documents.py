"""The pages for people: their links lead somewhere, and what is made from the code is up to date."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from tests.support.database_schema import indexes
from tests.support.schema_page import schema_page

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("benchmarks/*.md")])

_FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links() -> Iterator[tuple[Path, str]]:
    """Yield each link of each page that does not leave the repository."""
    for page in PAGES:
        for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            if "://" not in target and not target.startswith("mailto:"):
                yield page, target


def anchors(page: Path) -> set[str]:
    """Return the fragments that a page has, as GitHub makes them of headings."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "target"), [*links()], ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, fragment = unquote(target).partition("#")
    found = (page.parent / path).resolve() if path else page

    assert found.exists()
    assert found.is_relative_to(REPOSITORY)
    assert not fragment or fragment in anchors(found)


def test_there_are_pages_and_links() -> None:
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "architecture.md"} <= {page.name for page in PAGES}
    assert len([*links()]) > 20


async def test_the_page_about_the_schema_is_what_make_docs_writes(database_url: str, app: object) -> None:
    assert (REPOSITORY / "docs/schema.md").read_text(encoding="utf-8") == schema_page(await indexes(database_url))
