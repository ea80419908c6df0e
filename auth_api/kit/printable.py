"""Text of clients for terminals and for programs that read lines (CWE-117, CWE-150).

Control characters, line and paragraph separators and characters that change the direction of text are not printable.
"""

import json
from typing import Any

import msgspec


def without_unprintable(text: str) -> str:
    """Return a text without its characters that are not printable."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def printable_json(value: Any) -> bytes:
    r"""Encode a value as JSON in one line, with characters that are not printable as `\uXXXX`."""
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair, for example in a file name that is not UTF-8
        return json.dumps(value).encode()
    if encoded.isascii() and b"\x7f" not in encoded:  # JSON escapes all other control characters of ASCII
        return encoded
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in encoded.decode()).encode()
