"""The error envelope: an RFC 9457 document with the fields of the contract."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from auth_api.kit.clock import rfc3339
from auth_api.kit.errors import ApplicationException, FieldError, ValidationException

PROBLEM_MEDIA_TYPE = "application/problem+json"

_EXAMPLE_TIME: Final = datetime(2026, 2, 19, 10, 30, 45, 123000, tzinfo=UTC)
_EXAMPLE_ID: Final = "0f8c2a4be1d94d6a9a4f7a5f3f0c1b2d"
_EXAMPLE_FIELD_ERROR: Final = FieldError("password", "too_short", "Must have at least 12 characters.")


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every 4xx and 5xx answer, after RFC 9457."""

    type: Annotated[
        str,
        msgspec.Meta(
            description="Leads to what the error means, on this server.",
            extra_json_schema={"extra": {"format": "uri-reference"}},
        ),
    ]
    title: Annotated[str, msgspec.Meta(description="A fixed sentence, for people who develop.")]
    status: int
    detail: Annotated[str, msgspec.Meta(description="The same as `title`.")]
    error_code: str
    status_code: Annotated[int, msgspec.Meta(description="The same as `status`.")]
    timestamp: Annotated[
        str,
        msgspec.Meta(
            description="UTC, RFC 3339 with milliseconds.", extra_json_schema={"extra": {"format": "date-time"}}
        ),
    ]
    request_id: Annotated[str, msgspec.Meta(description="Stands in the server's log; `X-Request-ID` of the answer.")]
    errors: Annotated[
        tuple[FieldError, ...] | msgspec.UnsetType,
        msgspec.Meta(description="All that is wrong with fields, where fields are what is wrong."),
    ] = msgspec.UNSET


def problem_of(error: ApplicationException, *, at: datetime, request_id: str, base: str = "") -> Problem:
    """Fill the envelope for an error.

    Args:
        error: what went wrong.
        at: when.
        request_id: stands in the log, too.
        base: what addresses of this server begin with, behind the host.
    """
    status = int(error.status)  # `.value` takes two calls in Python
    return Problem(
        type=f"{base}/errors/{error.error_code}",
        title=error.detail,
        status=status,
        detail=error.detail,
        error_code=error.error_code,
        status_code=status,
        timestamp=rfc3339(at),
        request_id=request_id,
        errors=(error.errors or msgspec.UNSET) if isinstance(error, ValidationException) else msgspec.UNSET,
    )


def example_of(kind: type[ApplicationException], *, base: str = "") -> Problem:
    """Return the envelope of an error as a client would meet it, always the same."""
    error = kind()
    if isinstance(error, ValidationException) and error.status is HTTPStatus.BAD_REQUEST:
        error.errors = (_EXAMPLE_FIELD_ERROR,)
    return problem_of(error, at=_EXAMPLE_TIME, request_id=_EXAMPLE_ID, base=base)


def problem_events(
    problem: Problem, headers: Mapping[str, str]
) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    """Return the envelope as the two ASGI messages of a response."""
    body = msgspec.json.encode(problem)
    lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    lines += [
        (b"content-type", PROBLEM_MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    return (
        {"type": "http.response.start", "status": problem.status, "headers": lines},
        {"type": "http.response.body", "body": body, "more_body": False},
    )
