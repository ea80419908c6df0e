"""parse_object: accepts only documents that all parsers read in the same way."""

from typing import Any

import pytest

from auth_api.kit.errors import MalformedRequestException
from auth_api.kit.http.json import MAX_NESTING_DEPTH, parse_object

pytestmark = pytest.mark.engine_independent


def nested(levels: int, opening: bytes, closing: bytes, core: bytes = b"") -> bytes:
    """Return an object with this number of levels, itself included."""
    return b'{"a":' + opening * (levels - 1) + core + closing * (levels - 1) + b"}"


ARRAYS = (b"[", b"]")
OBJECTS = (b'{"a":', b"}")

VALID: dict[str, tuple[bytes, dict[str, Any]]] = {
    "empty-object": (b"{}", {}),
    "all-types": (
        b'{"a":"x","b":1,"c":1.5,"d":true,"e":null,"f":[1],"g":{"h":2}}',
        {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": [1], "g": {"h": 2}},
    ),
    "whitespace-around": (b' \t\r\n{ "a" : 1 } \n', {"a": 1}),
    "utf-8": ('{"ä":"\U0001f600"}'.encode(), {"ä": "\U0001f600"}),
    "surrogate-pair": (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "escaped-control-character": (b'{"a":"\\u0000"}', {"a": "\0"}),
    "keys-differing-in-case": (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    "keys-differing-in-normalization": ('{"\u00e9":1,"e\u0301":2}'.encode(), {"\u00e9": 1, "e\u0301": 2}),
    "equal-keys-in-two-objects": (b'{"a":{"x":1},"b":{"x":1}}', {"a": {"x": 1}, "b": {"x": 1}}),
    "empty-key": (b'{"":1}', {"": 1}),
    "number-of-300-digits": (b'{"a":' + b"1" * 300 + b"}", {"a": int("1" * 300)}),
}


@pytest.mark.parametrize(("body", "document"), VALID.values(), ids=VALID)
def test_valid_object_is_parsed(body: bytes, document: dict[str, Any]) -> None:
    assert parse_object(body) == document


MALFORMED = {
    "empty": b"",
    "whitespace": b" \n",
    "incomplete": b'{"a":1',
    "trailing-text": b"{}x",
    "two-documents": b'{"a":1}{"a":1}',
    "trailing-nul": b"{}\0",
    "trailing-comma": b'{"a":1,}',
    "comment": b'{"a":1/*x*/}',
    "single-quotes": b"{'a':1}",
    "unquoted-key": b"{a:1}",
    "array": b'[{"a":1}]',
    "empty-array": b"[]",
    "string": b'"a"',
    "number": b"1",
    "true": b"true",
    "null": b"null",
    "nan": b'{"a":NaN}',
    "nested-nan": b'{"a":[{"b":NaN}]}',
    "infinity": b'{"a":Infinity}',
    "negative-infinity": b'{"a":-Infinity}',
    "leading-zero": b'{"a":01}',
    "plus-sign": b'{"a":+1}',
    "hexadecimal": b'{"a":0x1}',
    "non-ascii-digits": '{"a":\u0661}'.encode(),
    "5000-digits": b'{"a":' + b"1" * 5000 + b"}",
    "5000-negative-digits": b'{"a":-' + b"1" * 5000 + b"}",
    "equal-keys": b'{"a":1,"a":1}',
    "nested-equal-keys": b'{"a":{"b":1,"b":2}}',
    "equal-keys-in-an-array": b'{"a":[{"b":1,"b":2}]}',
    "equal-keys-at-level-10": nested(10, *OBJECTS, b'{"b":1,"b":1}'),
    "equal-keys-one-escaped": b'{"a":1,"\\u0061":2}',
    "equal-empty-keys": b'{"":1,"":2}',
    "lone-surrogate": b'{"a":"\\ud83d"}',
    "lone-low-surrogate": b'{"a":"x\\ude00"}',
    "surrogates-in-wrong-order": b'{"a":"\\ude00\\ud83d"}',
    "lone-surrogate-in-a-key": b'{"\\ud83d":1}',
    "lone-surrogate-in-a-nested-key": b'{"a":{"\\ud83d":1}}',
    "lone-surrogate-in-an-array": b'{"a":[["\\ud83d"]]}',
    "surrogate-in-utf-8": b'{"a":"\xed\xa0\xbd"}',
    "surrogate-pair-in-utf-8": b'{"a":"\xed\xa0\xbd\xed\xb8\x80"}',
    "overlong-encoding": b'{"a":"\xc1\xa1"}',
    "beyond-unicode": b'{"a":"\xf5\x80\x80\x80"}',
    "latin-1": '{"a":"ä"}'.encode("latin-1"),
    "utf-16": '{"a":1}'.encode("utf-16-le"),
    "utf-32": '{"a":1}'.encode("utf-32-le"),
    "byte-order-mark": b'\xef\xbb\xbf{"a":1}',
    "control-character": b'{"a":"x\x1by"}',
    "line-break": b'{"a":"x\ny"}',
    "invalid-escape": b'{"a":"\\x41"}',
    "incomplete-escape": b'{"a":"\\u00"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_other_document_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequestException):
        parse_object(body)


@pytest.mark.parametrize("kind", [ARRAYS, OBJECTS], ids=["arrays", "objects"])
@pytest.mark.parametrize("levels", [1, MAX_NESTING_DEPTH - 1, MAX_NESTING_DEPTH])
def test_document_with_up_to_16_levels_is_parsed(kind: tuple[bytes, bytes], levels: int) -> None:
    assert MAX_NESTING_DEPTH == 16
    assert parse_object(nested(levels, *kind, b"1")).keys() == {"a"}


@pytest.mark.parametrize("kind", [ARRAYS, OBJECTS], ids=["arrays", "objects"])
@pytest.mark.parametrize("levels", [MAX_NESTING_DEPTH + 1, 100, 900, 1_100, 13_000])
def test_document_with_more_levels_is_malformed(kind: tuple[bytes, bytes], levels: int) -> None:
    with pytest.raises(MalformedRequestException):
        parse_object(nested(levels, *kind, b"1"))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_unclosed_nesting_is_malformed(opening: bytes) -> None:
    with pytest.raises(MalformedRequestException):
        parse_object(opening * (64 * 1024 // len(opening)))
