"""Decode the part of CBOR that authenticators may use (CTAP 2.1 §8, RFC 8949).

Everything else is rejected before the library reads it, above all tags: with shared references (tags 28 and 29), less
than 200 bytes become a value of gigabytes when the library encodes it again.
"""

from typing import Any, Final

MAX_DEPTH: Final = 4
"""Of nested arrays and maps (CTAP 2.1 §8)."""

_SIMPLE_VALUES: Final = {20: False, 21: True, 22: None}


def decode(data: bytes) -> Any:
    """Return the only value in `data`.

    Raises:
        ValueError: malformed, truncated, followed by other bytes, or not allowed for authenticators.
    """
    value, end = decode_next(data, 0)
    if end != len(data):
        message = "bytes after the value"
        raise ValueError(message)
    return value


def decode_next(data: bytes, start: int, max_depth: int = MAX_DEPTH) -> tuple[Any, int]:
    """Return the value that begins at `start`, and the index after it.

    Raises:
        ValueError: malformed, truncated, or not allowed for authenticators.
    """
    kind, number, end = _head(data, start)
    value: Any
    match kind:
        case 0:
            value = number
        case 1:
            value = -1 - number
        case 2:
            value, end = _slice(data, end, number), end + number
        case 3:
            value, end = _slice(data, end, number).decode(), end + number
        case 4 if max_depth:
            value, end = _items(data, end, number, max_depth - 1)
        case 5 if max_depth:
            value, end = _pairs(data, end, number, max_depth - 1)
        case 7 if number in _SIMPLE_VALUES and end == start + 1:
            value = _SIMPLE_VALUES[number]
        case _:
            message = "not allowed for authenticators"  # tags, numbers with a fraction, too deep nesting
            raise ValueError(message)
    return value, end


def _head(data: bytes, start: int) -> tuple[int, int, int]:
    """Return the kind ("major type") of the value at `start`, its number, and the index after both."""
    first = _slice(data, start, 1)[0]
    kind, number, end = first >> 5, first & 31, start + 1
    if number < 24:  # noqa: PLR2004 - RFC 8949 §3: smaller numbers stand for themselves
        return kind, number, end
    if number > 27:  # noqa: PLR2004 - the same: reserved, or of indefinite length
        message = "indefinite length"
        raise ValueError(message)
    size = 1 << (number - 24)
    return kind, int.from_bytes(_slice(data, end, size)), end + size


def _slice(data: bytes, start: int, size: int) -> bytes:
    if size > len(data) - start:
        message = "truncated"
        raise ValueError(message)
    return data[start : start + size]


def _items(data: bytes, position: int, count: int, max_depth: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, position = decode_next(data, position, max_depth)
        items.append(item)
    return items, position


def _pairs(data: bytes, position: int, count: int, max_depth: int) -> tuple[dict[int | str, Any], int]:
    pairs: dict[int | str, Any] = {}
    for _ in range(count):
        key, position = decode_next(data, position, 0)
        if isinstance(key, bool) or not isinstance(key, int | str) or key in pairs:
            message = "a key that is not allowed, or occurs twice"
            raise ValueError(message)
        pairs[key], position = decode_next(data, position, max_depth)
    return pairs, position
