"""The texts of the pages and their translations. After a text has changed, `make messages` updates each language."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message

from auth_api.web.frame.languages import translations
from tests.support.page_messages import collect, translated

pytestmark = pytest.mark.engine_independent

PLACEHOLDER: Final = re.compile(r"%\(\w+\)[a-z]|%%")
TEXTS: Final = collect()
TRANSLATED: Final = dict(translated())


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def forms(text: object) -> tuple[str, ...]:
    """Return a text as a tuple of its forms: one, or singular and plural."""
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text),)


def test_each_text_of_a_page_is_translated() -> None:
    texts = {message.id for message in messages(TEXTS)}

    for catalogue in TRANSLATED.values():
        assert {message.id for message in messages(catalogue)} == texts
        assert [message.id for message in messages(catalogue) if not all(forms(message.string))] == []
        assert [message.id for message in messages(catalogue) if message.fuzzy] == []
        assert list(catalogue.obsolete) == []


def test_translations_have_the_placeholders_of_the_text() -> None:
    for catalogue in TRANSLATED.values():
        differing = [
            message.id
            for message in messages(catalogue)
            if {tuple(sorted(PLACEHOLDER.findall(form))) for form in forms(message.string)}
            != {tuple(sorted(PLACEHOLDER.findall(form))) for form in forms(message.id)}
        ]
        assert differing == []


def test_translations_in_use_are_those_of_the_files() -> None:
    """The build compiles them, and `make` builds again if a file has changed."""
    for path, catalogue in TRANSLATED.items():
        in_use = translations(Path(path).stem)
        stale = [
            message.id
            for message in messages(catalogue)
            if in_use.gettext(forms(message.id)[0]) != forms(message.string)[0]
        ]
        assert stale == []


def test_texts_of_pages_are_single_lines() -> None:
    """Line breaks of a template must not be part of a text: write `{% trans trimmed %}`."""
    assert [message.id for message in messages(TEXTS) if any("\n" in form for form in forms(message.id))] == []
