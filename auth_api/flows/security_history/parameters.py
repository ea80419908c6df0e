"""Query parameters of the security history."""

from datetime import datetime
from typing import Annotated

import msgspec

from auth_api.events.audit.events import MAX_TIME, MIN_TIME, EventFilter
from auth_api.kit.http.query_values import QueryValues, query_parameter
from auth_api.kit.ids import MAX_ID

MAX_EXPORT_LIMIT: int = 1000


_Actor = Annotated[str | None, query_parameter("Only events with this `actor`.")]
_Action = Annotated[str | None, query_parameter("Only events with this `action`.")]
_Since = Annotated[str | None, query_parameter("Only events at or after this time (RFC 3339).", format="date-time")]
_Until = Annotated[str | None, query_parameter("Only events before this time (RFC 3339).", format="date-time")]
_UserId = Annotated[str | None, query_parameter("Only events of this user.", type="integer", minimum=1)]
_After = Annotated[
    str | None, query_parameter("Continue after the event with this `id`.", type="integer", minimum=0, default=0)
]
_Limit = Annotated[
    str | None,
    query_parameter("Maximum number of events.", type="integer", minimum=1, maximum=MAX_EXPORT_LIMIT, default=1000),
]


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which events an export contains; the names are those of `AuditTrail.export_batch`."""

    after: int
    since: datetime
    until: datetime
    user_id: int | None
    limit: int


def provide_event_filter(
    actor: _Actor = None, action: _Action = None, since: _Since = None, until: _Until = None, user_id: _UserId = None
) -> EventFilter:
    """Return the conditions of a list of all users.

    Raises:
        ValidationException: a parameter is invalid.
    """
    values = QueryValues()
    found = EventFilter(
        user_id=values.number("user_id", user_id, 0, minimum=1, maximum=MAX_ID) or None,
        actor=actor,
        action=action,
        since=values.time("since", since, MIN_TIME),
        until=values.time("until", until, MAX_TIME),
    )
    values.check()
    return found


def provide_user_filter(
    actor: _Actor = None, action: _Action = None, since: _Since = None, until: _Until = None
) -> EventFilter:
    """Return the conditions of a list of one user.

    Raises:
        ValidationException: a parameter is invalid.
    """
    return provide_event_filter(actor, action, since, until)


def provide_export_request(
    after: _After = None, since: _Since = None, until: _Until = None, user_id: _UserId = None, limit: _Limit = None
) -> ExportRequest:
    """Return what to export.

    Raises:
        ValidationException: a parameter is invalid.
    """
    values = QueryValues()
    wanted = ExportRequest(
        after=values.number("after", after, 0, minimum=0, maximum=MAX_ID),
        since=values.time("since", since, MIN_TIME),
        until=values.time("until", until, MAX_TIME),
        user_id=values.number("user_id", user_id, 0, minimum=1, maximum=MAX_ID) or None,
        limit=values.number("limit", limit, MAX_EXPORT_LIMIT, minimum=1, maximum=MAX_EXPORT_LIMIT),
    )
    values.check()
    return wanted
