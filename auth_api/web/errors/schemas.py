"""Wire structs of the error catalogue."""

from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.errors import HostNotAllowedException
from auth_api.kit.http.problems import Problem, example_of
from auth_api.sessions.errors import TokenExpiredException

_RENAMED: Final = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI Too Long",
}
"""The names of RFC 9110, which Python uses from 3.13 on."""


class ErrorDescription(msgspec.Struct, frozen=True, kw_only=True):
    """An error: its meaning, and what a client should do."""

    error_code: str
    status: int
    reason: Annotated[str, msgspec.Meta(description="The name of the status (RFC 9110).")]
    detail: Annotated[str, msgspec.Meta(description="The sentence in `title` and `detail` of the problem document.")]
    meaning: str
    remedy: Annotated[str, msgspec.Meta(description="What a client should do.")]
    headers: Annotated[
        dict[str, str], msgspec.Meta(description="Headers that belong to the error, with example values.")
    ]
    example: Problem


class ErrorDescriptionList(msgspec.Struct, frozen=True, kw_only=True):
    """All errors, ordered by status and code."""

    items: list[ErrorDescription]


def description_of(kind: type[ApplicationException], *, base: str = "") -> ErrorDescription:
    """Return the description of an error, from the attributes and the docstring of its class."""
    return ErrorDescription(
        error_code=kind.error_code,
        status=kind.status.value,
        reason=_RENAMED.get(kind.status, kind.status.phrase),
        detail=kind.detail,
        meaning=" ".join((kind.__doc__ or kind.detail).split()),
        remedy=kind.remedy,
        headers=kind().headers,
        example=example_of(kind, base=base),
    )


EXAMPLE_DESCRIPTION: Final[dict[str, Any]] = msgspec.to_builtins(description_of(TokenExpiredException))
EXAMPLE_LIST: Final[dict[str, Any]] = {"items": [msgspec.to_builtins(description_of(HostNotAllowedException))]}
