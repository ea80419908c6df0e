"""Bytes become a document that every parser reads alike, or nothing."""

from typing import Any

import pytest

from auth_api.kit.errors import MalformedRequestException
from auth_api.kit.http.json import MAX_NESTING_DEPTH, parse_object

pytestmark = pytest.mark.engine_independent


def nested(levels: int, opening: bytes, closing: bytes, core: bytes = b"") -> bytes:
    """Return an object that is so many levels deep, itself included."""
    return b'{"a":' + opening * (levels - 1) + core + closing * (levels - 1) + b"}"


LISTS = (b"[", b"]")
OBJECTS = (b'{"a":', b"}")

GOOD: dict[str, tuple[bytes, dict[str, Any]]] = {
    "nothing in it": (b"{}", {}),
    "all kinds": (
        b'{"a":"x","b":1,"c":1.5,"d":true,"e":null,"f":[1],"g":{"h":2}}',
        {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": [1], "g": {"h": 2}},
    ),
    "blanks around": (b' \t\r\n{ "a" : 1 } \n', {"a": 1}),
    "UTF-8": ('{"ä":"\U0001f600"}'.encode(), {"ä": "\U0001f600"}),
    "a surrogate pair": (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "an escaped control character": (b'{"a":"\\u0000"}', {"a": "\0"}),
    "names that differ in case": (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    "names that look alike": ('{"\u00e9":1,"e\u0301":2}'.encode(), {"\u00e9": 1, "e\u0301": 2}),
    "equal names side by side": (b'{"a":{"x":1},"b":{"x":1}}', {"a": {"x": 1}, "b": {"x": 1}}),
    "an empty name": (b'{"":1}', {"": 1}),
    "a number of 300 digits": (b'{"a":' + b"1" * 300 + b"}", {"a": int("1" * 300)}),
}


@pytest.mark.parametrize(("body", "document"), GOOD.values(), ids=GOOD)
def test_an_object_is_read(body: bytes, document: dict[str, Any]) -> None:
    assert parse_object(body) == document


BAD = {
    "nothing": b"",
    "blanks": b" \n",
    "half of it": b'{"a":1',
    "something behind": b"{}x",
    "a second one behind": b'{"a":1}{"a":1}',
    "NUL behind": b"{}\0",
    "a comma behind the last": b'{"a":1,}',
    "a comment": b'{"a":1/*x*/}',
    "single quotes": b"{'a':1}",
    "a bare name": b"{a:1}",
    "a list": b'[{"a":1}]',
    "an empty list": b"[]",
    "a text": b'"a"',
    "a number": b"1",
    "true": b"true",
    "null": b"null",
    "NaN": b'{"a":NaN}',
    "NaN within": b'{"a":[{"b":NaN}]}',
    "infinity": b'{"a":Infinity}',
    "negative infinity": b'{"a":-Infinity}',
    "a leading zero": b'{"a":01}',
    "a plus": b'{"a":+1}',
    "hexadecimal": b'{"a":0x1}',
    "digits that are not ASCII": '{"a":\u0661}'.encode(),
    "5000 digits": b'{"a":' + b"1" * 5000 + b"}",
    "5000 negative digits": b'{"a":-' + b"1" * 5000 + b"}",
    "equal names": b'{"a":1,"a":1}',
    "equal names within": b'{"a":{"b":1,"b":2}}',
    "equal names in a list": b'{"a":[{"b":1,"b":2}]}',
    "equal names far within": nested(10, *OBJECTS, b'{"b":1,"b":1}'),
    "equal names, one escaped": b'{"a":1,"\\u0061":2}',
    "equal empty names": b'{"":1,"":2}',
    "a lone surrogate": b'{"a":"\\ud83d"}',
    "a lone low surrogate": b'{"a":"x\\ude00"}',
    "surrogates in the wrong order": b'{"a":"\\ude00\\ud83d"}',
    "a lone surrogate in a name": b'{"\\ud83d":1}',
    "a lone surrogate in a name within": b'{"a":{"\\ud83d":1}}',
    "a lone surrogate in a list": b'{"a":[["\\ud83d"]]}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\xbd"}',
    "a pair of surrogates in UTF-8": b'{"a":"\xed\xa0\xbd\xed\xb8\x80"}',
    "an overlong form": b'{"a":"\xc1\xa1"}',
    "beyond Unicode": b'{"a":"\xf5\x80\x80\x80"}',
    "Latin-1": '{"a":"ä"}'.encode("latin-1"),
    "UTF-16": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": '{"a":1}'.encode("utf-32-le"),
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "a bare control character": b'{"a":"x\x1by"}',
    "a bare line break": b'{"a":"x\ny"}',
    "a bad escape": b'{"a":"\\x41"}',
    "half an escape": b'{"a":"\\u00"}',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_everything_else_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequestException):
        parse_object(body)


@pytest.mark.parametrize("kind", [LISTS, OBJECTS], ids=["lists", "objects"])
@pytest.mark.parametrize("levels", [1, MAX_NESTING_DEPTH - 1, MAX_NESTING_DEPTH])
def test_sixteen_levels_are_read(kind: tuple[bytes, bytes], levels: int) -> None:
    assert MAX_NESTING_DEPTH == 16
    assert parse_object(nested(levels, *kind, b"1")).keys() == {"a"}


@pytest.mark.parametrize("kind", [LISTS, OBJECTS], ids=["lists", "objects"])
@pytest.mark.parametrize("levels", [MAX_NESTING_DEPTH + 1, 100, 900, 1_100, 13_000])
def test_more_are_malformed_however_many(kind: tuple[bytes, bytes], levels: int) -> None:
    with pytest.raises(MalformedRequestException):
        parse_object(nested(levels, *kind, b"1"))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_nothing_but_openings_is_malformed(opening: bytes) -> None:
    with pytest.raises(MalformedRequestException):
        parse_object(opening * (64 * 1024 // len(opening)))
