"""Cursor pagination of lists, newest first. A cursor names the last row of a page, so later inserts shift no page."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from auth_api.kit import base64url
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.ids import MAX_ID, parse_id

T = TypeVar("T")

MAX_UUID: Final = UUID(int=2**128 - 1)

MAX_CURSOR_CHARACTERS: Final = 400
"""More than base64url makes of an e-mail address."""


class PageRequest(msgspec.Struct, frozen=True):
    """The requested page.

    Attributes:
        limit: maximum number of rows.
        after: the key of the last row of the previous page; None for the first page.
    """

    limit: int
    after: str | None = None


def invalid_cursor() -> ValidationException:
    """Return the error for a cursor that no page of the list has returned."""
    return ValidationException([FieldError("cursor", "format", "Must be the next_cursor of a previous response.")])


def before_id(request: PageRequest) -> int:
    """Return the number below which the ids of a page are, in a list by descending ids.

    Raises:
        ValidationException: the cursor belongs to another list.
    """
    if request.after is None:
        return MAX_ID
    before = parse_id(request.after)
    if before is None:
        raise invalid_cursor()
    return before


def before_uuid(request: PageRequest) -> UUID:
    """Return the UUID before which the ids of a page are, in a list by descending UUIDs.

    Raises:
        ValidationException: the cursor belongs to another list.
    """
    if request.after is None:
        return MAX_UUID
    try:
        return UUID(request.after)
    except ValueError as error:
        raise invalid_cursor() from error


def split_page(rows: Sequence[T], request: PageRequest, key: Callable[[T], object]) -> tuple[Sequence[T], str | None]:
    """Return the rows of the page, and the cursor of the next page or None.

    Args:
        rows: the rows of the page, and one more if there is a next page.
        request: the requested page.
        key: returns the key of a row.
    """
    page = rows[: request.limit]
    return page, _encode_cursor(str(key(page[-1]))) if len(rows) > request.limit else None


def decode_cursor(cursor: str) -> str:
    """Return the key of the row that a cursor names.

    Raises:
        ValidationException: the cursor is invalid.
    """
    if not 0 < len(cursor) <= MAX_CURSOR_CHARACTERS:
        raise invalid_cursor()
    try:
        return base64url.decode(cursor).decode("ascii")
    except ValueError as error:
        raise invalid_cursor() from error


def _encode_cursor(key: str) -> str:
    return base64url.encode(key.encode())
