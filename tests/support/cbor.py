"""Encode CBOR, independently of the decoder under test."""

from collections.abc import Mapping
from typing import Any, Final

_SIMPLE_VALUES: Final[Mapping[Any, bytes]] = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}


def head(kind: int, number: int) -> bytes:
    """Return the beginning of a value: its kind ("major type") and a number, in the shortest form."""
    if number < 24:
        return bytes([kind << 5 | number])
    size = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes([kind << 5 | 23 + size.bit_length()]) + number.to_bytes(size)


def encode(value: Any) -> bytes:
    """Return the encoding of integers, bytes, text, booleans, None, and lists and maps of them."""
    match value:
        case bool() | None:
            return _SIMPLE_VALUES[value]
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            return head(5, len(value)) + b"".join(encode(key) + encode(value[key]) for key in value)
    raise TypeError(value)


def shared_reference_bomb(depth: int) -> bytes:
    """Return 12 bytes per level that stand for a list of 2^depth items: each level has the one below it twice."""
    levels = [b"\xd8\x1c\x80"]  # tag 28: others may refer to this value
    levels += [b"\xd8\x1c\x82" + (b"\xd8\x1d" + encode(below)) * 2 for below in range(depth)]  # tag 29: refers to it
    return head(4, len(levels)) + b"".join(levels)
