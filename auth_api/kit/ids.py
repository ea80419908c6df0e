"""Numbers that identify rows, as texts of requests."""

from typing import Final

MAX_ID: Final = 2**63 - 1
"""The largest value of `bigint`, and of an integer of SQLite."""


def parse_id(text: str) -> int | None:
    """Return the id that a text states; None if no row can have it. Each id has one form, without leading zeros."""
    is_number = text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= len(str(MAX_ID))
    return int(text) if is_number and int(text) <= MAX_ID else None
