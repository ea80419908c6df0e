"""Wire format of the revocation feed."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec

from auth_api.flows.revocation_feed.service import Revocations, next_second
from auth_api.kit.clock import rfc3339
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.sessions.schemas import SessionId
from auth_api.users.schemas import Timestamp

EXAMPLE_REVOCATIONS: Final[dict[str, Any]] = {
    "as_of": "2026-02-19T10:30:45.123Z",
    "window_seconds": 1860,
    "all_issued_before": None,
    "sessions": ["01a20e9d-dba3-7476-8c34-dcd62e39c004"],
    "subjects": [{"sub": "7", "issued_before": "2026-02-19T10:29:14.000Z"}],
}


_AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]


class SubjectResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A user whose tokens are refused if their `iat` is before `issued_before`."""

    sub: Annotated[str, msgspec.Meta(description="`sub` of the tokens.")]
    issued_before: Timestamp


class RevocationsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The access tokens that must be refused before they expire."""

    as_of: Annotated[Timestamp, msgspec.Meta(description="Send it as `since` with the next request.")]
    window_seconds: Annotated[int, msgspec.Meta(description="How long to keep each entry.")]
    all_issued_before: Annotated[
        Timestamp | None,
        msgspec.Meta(description="Refuse all tokens whose `iat` is before, as not all entries fit into the response."),
    ]
    sessions: Annotated[list[SessionId], msgspec.Meta(description="Refuse tokens with one of these `sid`.")]
    subjects: list[SubjectResponse]


def revocations_view(found: Revocations, *, window: timedelta) -> RevocationsResponse:
    """Return the response.

    Args:
        found: the revocations.
        window: for how long a client keeps them.
    """
    latest = found.all_issued_before
    return RevocationsResponse(
        as_of=rfc3339(found.as_of),
        window_seconds=int(window.total_seconds()),
        all_issued_before=None if latest is None else rfc3339(latest),
        sessions=[str(session_id) for session_id in found.sessions],
        subjects=[
            SubjectResponse(sub=str(each.user_id), issued_before=rfc3339(next_second(each.issued_before)))
            for each in found.subjects
        ],
    )


def parse_since(text: str | None) -> datetime | None:
    """Return the time that a query parameter names.

    Raises:
        ValidationException: it is not a time with an offset (RFC 3339 §5.6).
    """
    try:
        return None if text is None else msgspec.convert(text, _AwareTime)
    except msgspec.ValidationError as error:
        message = "Must be the as_of of a previous response, such as 2026-02-19T10:30:45.123Z."
        raise ValidationException([FieldError("since", "format", message)]) from error
