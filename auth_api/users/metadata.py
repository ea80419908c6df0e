"""What administrators and applications store about a user: a JSON object, which the user can read but not change."""

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.errors import FieldError, ValidationException

MAX_METADATA_BYTES: Final = 4096
"""Of the stored object, as compact JSON in UTF-8."""

MAX_METADATA_DEPTH: Final = 5
"""Levels of objects and lists; the object itself is the first."""

_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")

EXAMPLE_METADATA: Final = {"plan": "pro"}

MetadataChanges = Annotated[
    dict[str, Any],
    msgspec.Meta(
        description=(
            "Keys to set or replace, and with null to remove; other keys stay. Keys have 1 to 64 characters of "
            f"`A-Z a-z 0-9 _ . -`. The stored object has at most {MAX_METADATA_BYTES} bytes as compact JSON, and at "
            f"most {MAX_METADATA_DEPTH} levels."
        ),
        examples=[EXAMPLE_METADATA],
        extra={"check": "metadata"},
    ),
]

Metadata = Annotated[
    msgspec.Raw,
    msgspec.Meta(
        description="What applications have stored about the user; `{}` if there is nothing.",
        examples=[EXAMPLE_METADATA],
        extra_json_schema={"extra": {"type": "object", "additional_properties": True}},
    ),
]
"""The stored text, which a response contains as it is."""


def check_metadata(changes: dict[str, Any], _document: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return changes of metadata unchanged.

    Raises:
        ValidationException: a key has another form, a number is too large, or a value is nested too deeply.
    """
    if not all(map(_KEY.fullmatch, changes)):
        message = "Keys must have 1 to 64 characters of A-Z, a-z, 0-9, '_', '.' and '-'."
        raise ValidationException([FieldError("metadata", "format", message)])
    if _is_deeper(changes, MAX_METADATA_DEPTH):
        message = f"Must have at most {MAX_METADATA_DEPTH} levels of objects and lists."
        raise ValidationException([FieldError("metadata", "too_deep", message)])
    if not _has_finite_numbers(changes):
        message = "Numbers must be within the range of a 64-bit floating-point number."
        raise ValidationException([FieldError("metadata", "format", message)])
    return changes


def parse_metadata_key(text: str) -> str:
    """Return a key of metadata; raise a ValueError for any other text."""
    if _KEY.fullmatch(text) is None:
        message = "must list keys of 1 to 64 characters of A-Z, a-z, 0-9, '_', '.' and '-'"
        raise ValueError(message)
    return text


def merged_metadata(stored: str | None, changes: Mapping[str, Any]) -> str:
    """Return the text of the metadata with the changes; a null removes its key.

    Raises:
        ValidationException: it would be too long.
    """
    merged = {**json.loads(stored or "{}"), **changes}
    kept = {key: value for key, value in merged.items() if value is not None}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_METADATA_BYTES:
        message = f"Must have at most {MAX_METADATA_BYTES} bytes, together with the keys that stay."
        raise ValidationException([FieldError("metadata", "too_long", message)])
    return text


def _is_deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(part, depth - 1) for part in parts)


def _has_finite_numbers(value: Any) -> bool:
    """Return whether all numbers are in the range of a float: `1e400` is read as infinity, its digits as an integer."""
    if isinstance(value, dict | list):
        return all(map(_has_finite_numbers, value.values() if isinstance(value, dict) else value))
    try:
        return not isinstance(value, int | float) or math.isfinite(value)
    except OverflowError:
        return False
