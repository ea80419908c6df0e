"""The error envelope: an RFC 9457 document with the fields of the contract."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from auth_api.kit.clock import rfc3339
from auth_api.kit.errors import ApplicationException, FieldError, ValidationException

PROBLEM_MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every 4xx and 5xx answer."""

    type: str
    title: str
    status: int
    detail: str
    error_code: str
    status_code: int
    timestamp: str
    request_id: str
    errors: tuple[FieldError, ...] | msgspec.UnsetType = msgspec.UNSET


def problem_of(error: ApplicationException, *, at: datetime, request_id: str) -> Problem:
    """Fill the envelope for an error."""
    return Problem(
        type=f"/errors/{error.error_code}",
        title=error.detail,
        status=error.status.value,
        detail=error.detail,
        error_code=error.error_code,
        status_code=error.status.value,
        timestamp=rfc3339(at),
        request_id=request_id,
        errors=(error.errors or msgspec.UNSET) if isinstance(error, ValidationException) else msgspec.UNSET,
    )


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
