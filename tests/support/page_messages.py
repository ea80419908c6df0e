"""Collect the texts of the pages from the code and the templates: `python -m tests.support.page_messages`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from auth_api.web.frame.languages import LANGUAGES, MESSAGES, SOURCE_LANGUAGE
from hatch_build import compile_messages

WEB: Final = MESSAGES.parent.parent

METHODS: Final = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS: Final = {"**/templates/**.html": {"silent": "false"}}


def collect() -> Catalog:
    """Return the English texts, each with the files that show it."""
    catalogue = Catalog()
    for file, _line, text, comments, context in extract_from_dir(WEB, METHODS, OPTIONS):
        place = (Path("web", file).as_posix(), 0)
        catalogue.add(text, locations=[place], auto_comments=comments, context=context)
    return catalogue


def translated() -> Iterator[tuple[Path, Catalog]]:
    """Yield the file and the translations of each other language."""
    for language in LANGUAGES.keys() - {SOURCE_LANGUAGE}:
        path = MESSAGES / f"{language}.po"
        with path.open("rb") as texts:
            yield path, read_po(texts, locale=language)


def update() -> None:
    """Add new texts to each language, remove those that no page shows, and compile the result."""
    texts = collect()
    for path, catalogue in translated():
        catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    compile_messages(MESSAGES)


if __name__ == "__main__":
    update()
