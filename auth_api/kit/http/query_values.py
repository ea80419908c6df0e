"""Parse query parameters strictly, and report all invalid ones at once.

Handlers take them as text, since Litestar's conversions would raise other errors.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from litestar.params import QueryParameter

from auth_api.kit.errors import FieldError, ValidationException

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


def query_parameter(description: str, **schema: object) -> QueryParameter:
    """Describe a parameter that the handler takes as text; `schema` is what the OpenAPI document says instead."""
    return QueryParameter(description=description, schema_extra={"type": "string", "one_of": None, **schema})


def known_parameters(query_string: bytes, names: Collection[str]) -> dict[str, str]:
    """Return the parameters with these names that are not empty. Others are ignored (RFC 6749 §3.1).

    Raises:
        ValidationException: one of them is repeated.
    """
    pairs = [pair for pair in parse_qsl(query_string.decode("latin-1")) if pair[0] in names]
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        raise ValidationException(FieldError(name, "repeated", "Must be sent only once.") for name in repeated)
    return dict(pairs)


@dataclass(slots=True)
class QueryValues:
    """Collects the errors of the parameters of one request; call `check` after the last one."""

    errors: list[FieldError] = field(default_factory=list)

    def number(self, name: str, text: str | None, default: int, *, minimum: int, maximum: int) -> int:
        """Return a whole number within the bounds."""
        if text is None:
            return default
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(maximum))
        if is_number and minimum <= (number := int(text)) <= maximum:
            return number
        self.errors.append(FieldError(name, "range", f"Must be a whole number, {minimum} to {maximum}."))
        return default

    def time(self, name: str, text: str | None, default: datetime) -> datetime:
        """Return a time in the form of RFC 3339 §5.6, in UTC."""
        if text is None:
            return default
        try:
            return msgspec.convert(text, _Moment, strict=True).astimezone(UTC)
        except (msgspec.ValidationError, OverflowError):
            self.errors.append(FieldError(name, "format", "Must be a time such as 2026-02-19T10:30:45Z (RFC 3339)."))
            return default

    def check(self) -> None:
        """Raise the errors that were found.

        Raises:
            ValidationException: a parameter is invalid.
        """
        if self.errors:
            raise ValidationException(self.errors)
