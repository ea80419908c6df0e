"""Parse the query parameters `limit` and `cursor`."""

from typing import Annotated, Final

from litestar.params import QueryParameter

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.pagination import PageRequest, decode_cursor

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100

# Strings, since Litestar's conversion to a number would raise another error.
_Limit = Annotated[
    str | None,
    QueryParameter(
        description="Maximum number of items.",
        schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT, "one_of": None},
    ),
]
_Cursor = Annotated[
    str | None,
    QueryParameter(
        description="`next_cursor` of the previous page; without it, the first page is returned.",
        schema_extra={"type": "string", "one_of": None},
    ),
]


def provide_page(limit: _Limit = None, cursor: _Cursor = None) -> PageRequest:
    """Return the requested page.

    Raises:
        ValidationException: a parameter is invalid; both are reported at once.
    """
    errors = []
    number = int(limit) if limit and limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_LIMIT)) else 0
    if limit is not None and not 1 <= number <= MAX_LIMIT:
        errors.append(FieldError("limit", "range", f"Must be a whole number, 1 to {MAX_LIMIT}."))
    try:
        after = decode_cursor(cursor) if cursor is not None else None
    except ValidationException as error:
        errors.extend(error.errors)
    if errors:
        raise ValidationException(errors)
    return PageRequest(number or DEFAULT_LIMIT, after)
