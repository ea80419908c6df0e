"""In which language a page appears."""

from pathlib import Path

import pytest

from auth_api.web.frame import languages
from auth_api.web.frame.languages import LANGUAGES, choose_language, translations
from hatch_build import compile_messages

pytestmark = pytest.mark.engine_independent

CASES: list[tuple[str | None, str | None, str | None, str]] = [
    ("de", "en", "en", "de"),
    (None, "de", "en", "de"),
    (None, None, "de", "de"),
    ("fr", "de", "en", "de"),  # no language of the pages
    ("de-AT", None, None, "en"),  # the links on the pages have the tags of `LANGUAGES`
    (None, "fr", "de", "de"),
    (None, "fr,de", "en", "de"),
    (None, "DE_at", "en", "de"),
    (None, None, "fr-CH,de-CH,en", "de"),
    (None, None, "../de,\x00", "en"),
    (None, None, None, "en"),
]


def test_language_is_the_first_that_the_pages_have() -> None:
    chosen = [
        choose_language(asked=asked, locale=locale, accepted=accepted, default="en")
        for asked, locale, accepted, _ in CASES
    ]

    assert chosen == [expected for *_, expected in CASES]


def test_default_language_is_the_last_resort() -> None:
    assert choose_language(asked="fr", locale="fr", accepted="it", default="de") == "de"
    assert choose_language(asked=None, locale=None, accepted="en", default="de") == "en"


def test_built_translations_are_read_by_the_standard_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text(
        '#, python-format\nmsgid "Hello %(name)s"\nmsgstr "Hallo %(name)s"\n\n'
        'msgid "One code is left."\nmsgid_plural "%(num)s codes are left."\n'
        'msgstr[0] "Ein Code ist übrig."\nmsgstr[1] "%(num)s Codes sind übrig."\n',
        encoding="utf-8",
    )
    compile_messages(tmp_path)
    monkeypatch.setattr(languages, "MESSAGES", tmp_path)
    german = translations.__wrapped__("de")

    assert german.gettext("Hello %(name)s") == "Hallo %(name)s"
    assert german.ngettext("One code is left.", "%(num)s codes are left.", 1) == "Ein Code ist übrig."
    assert german.ngettext("One code is left.", "%(num)s codes are left.", 2) == "%(num)s Codes sind übrig."
    assert german.gettext("Not translated") == "Not translated"


def test_each_language_is_built() -> None:
    assert [translations(language).gettext("") != "" for language in LANGUAGES] == [False, True]
