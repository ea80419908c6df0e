"""Names of people: all scripts are accepted, what deceives a reader is refused."""

import unicodedata
from unittest.mock import patch

import pytest

from auth_api.kit.errors import ValidationException
from auth_api.users.name_text import canonical_name

pytestmark = pytest.mark.engine_independent

NAMES = {
    "latin": "Zoë Müller-O'Neil",
    "chinese": "李小龙",
    "arabic": "محمد علي",
    "persian with a joiner": "علی\u200cرضا",  # noqa: RUF001 - Arabic letters
    "sinhala with a joiner": "ශ්\u200dරී",
    "hindi": "हिन्दी",
    "japanese with a variant": "葛\U000e0100城",
    "emoji": "Ada \U0001f469\u200d\U0001f680",
    "markup is text": '<b>Ada</b> & "co"',
    "one character": "X",
}

INVISIBLE = {
    "zero width space": "Ada\u200b",
    "joiner between Latin letters": "A\u200dda",
    "joiner at the end": "علی\u200c",
    "two joiners": "علی\u200c\u200cرضا",  # noqa: RUF001 - as above
    "word joiner": "Ada\u2060Lovelace",
    "byte order mark": "\ufeffAda",
    "soft hyphen": "Ada\u00adLovelace",
    "right-to-left override": "Ada\u202egnp.exe",
    "isolate": "Ada\u2066",
    "direction mark": "Ada\u200e",
    "line separator": "Ada\u2028Lovelace",
    "tag": "Ada\U000e0041",
    "hangul filler": "\u3164",
    "blank braille": "\u2800\u2800",
    "combining grapheme joiner": "A\u034fda",
    "variant of a Latin letter": "A\ufe0fda",
    "two variants": "葛\U000e0100\U000e0101",
    "only an accent": "\u0301",
    "half of a surrogate pair": "Ada\udc80",
    "private use": "Ada\ue000",
    "control character": "Ada\x1b[31m",
}


def code_of(raw: str, max_length: int = 100) -> str:
    with pytest.raises(ValidationException) as raised:
        canonical_name(raw, max_length=max_length)
    (error,) = raised.value.errors
    return error.code


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_name_of_any_script_is_stored_unchanged(name: str) -> None:
    assert canonical_name(name, max_length=100) == name


@pytest.mark.parametrize("raw", INVISIBLE.values(), ids=INVISIBLE)
def test_invisible_character_is_refused(raw: str) -> None:
    assert code_of(raw) == "invisible_character"


def test_spaces_are_removed_around_a_name_and_become_single_ones_within_it() -> None:
    assert canonical_name(" \u00a0Ada\u3000 Lovelace\u2009", max_length=100) == "Ada Lovelace"


@pytest.mark.parametrize("raw", ["", " ", "\u3000\u00a0"])
def test_blank_name_is_too_short(raw: str) -> None:
    assert code_of(raw) == "too_short"


def test_name_is_composed_before_its_characters_are_counted() -> None:
    decomposed = unicodedata.normalize("NFD", "ế" * 100)

    assert len(decomposed) == 300
    assert canonical_name(decomposed, max_length=100) == "ế" * 100
    assert code_of(decomposed + "e") == "too_long"


def test_length_is_counted_in_characters_not_bytes() -> None:
    assert canonical_name("\U0001f680" * 100, max_length=100) == "\U0001f680" * 100
    assert code_of("\U0001f680" * 101) == "too_long"


def test_long_input_is_refused_without_normalizing_it() -> None:
    with patch.object(unicodedata, "normalize") as normalize:
        assert code_of("a" + "\u0301\u0323" * 30_000) == "too_long"

    normalize.assert_not_called()
