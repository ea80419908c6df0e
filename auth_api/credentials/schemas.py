"""Fields of requests that several flows accept."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from auth_api.kit.errors import FieldError

CodeField = Annotated[
    str,
    msgspec.Meta(
        max_length=64,
        description="The code as the user typed it; spaces and hyphens are ignored.",
        examples=["492039"],
        extra={"any_text": True},
    ),
]


def method_errors(document: Mapping[str, Any], fields: Mapping[str, str]) -> Iterator[FieldError]:
    """Yield the errors of `method` and the fields that methods need, taken together.

    Args:
        document: the request.
        fields: the field that each method needs. No other one of these may be sent with it.
    """
    method = document.get("method")
    needed = fields.get(method) if isinstance(method, str) else None
    if needed is None:
        return
    for field in sorted(set(fields.values())):
        is_sent = document.get(field) is not None
        if field == needed and not is_sent:
            yield FieldError(field, "missing", f"The method `{method}` needs it.")
        if field != needed and is_sent:
            yield FieldError(field, "conflict", f"The method `{method}` does not take it.")
