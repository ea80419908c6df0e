"""Pages of a list, newest first: a cursor names the last row seen, so pages stay right while rows are added."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from auth_api.kit.errors import FieldError, ValidationException

T = TypeVar("T")

MAX_CURSOR_LENGTH: Final = 200


class PageRequest(msgspec.Struct, frozen=True):
    """How many rows are wanted, and after which one (None: from the newest)."""

    limit: int
    after: str | None = None


def bad_cursor() -> ValidationException:
    """Return the error for a cursor that no answer of this list held."""
    return ValidationException([FieldError("cursor", "format", "Must be the next_cursor of an answer.")])


def cut(rows: Sequence[T], request: PageRequest, key: Callable[[T], object]) -> tuple[Sequence[T], str | None]:
    """Cut rows, of which one more was read than is wanted, into a page and the cursor of the next one, if any."""
    page = rows[: request.limit]
    return page, _encoded(str(key(page[-1]))) if len(rows) > request.limit else None


def decoded(cursor: str) -> str:
    """Return what a cursor names.

    Raises:
        ValidationException: nothing that was made here.
    """
    if len(cursor) > MAX_CURSOR_LENGTH:
        raise bad_cursor()
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise bad_cursor() from error


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()
