"""Routes of the security history of all users."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Response, get
from litestar.di import Provide
from litestar.params import PathParameter
from loguru import logger

from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.events.audit.events import EventFilter
from auth_api.events.audit.schemas import EXAMPLE_EXPORTED_EVENT, ExportedEventList, exported_view
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.security_history.parameters import (
    ExportRequest,
    provide_event_filter,
    provide_export_request,
    provide_user_filter,
)
from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, with_access
from auth_api.kit.ids import parse_id
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService

ACCESS: Final = administration("audit:read", accepts_key=True)
EXAMPLE_LIST: Final[dict[str, Any]] = {"items": [EXAMPLE_EXPORTED_EVENT], "next_cursor": None}
JSON_LINES: Final = "application/x-ndjson"


class SecurityHistoryController(Controller):
    """Read the security history of all users."""

    path = "/api/admin"
    tags = ("Security history",)
    dependencies = {  # noqa: RUF012 - an attribute of Litestar
        "event_filter": Provide(provide_event_filter, sync_to_thread=False),
        "user_filter": Provide(provide_user_filter, sync_to_thread=False),
        "export_request": Provide(provide_export_request, sync_to_thread=False),
    }

    @get(
        "/audit",
        summary="List security events",
        operation_id="listAuditEvents",
        **with_access(ACCESS, ValidationException, *ADMINISTRATION_ERRORS, *DATABASE_ERRORS, response=EXAMPLE_LIST),
    )
    async def list_events(
        self, event_filter: Injected[EventFilter], audit: Injected[AuditTrail], page: Injected[PageRequest]
    ) -> ExportedEventList:
        """Return the events that fulfil all conditions, newest first."""
        rows, next_cursor = await audit.search(event_filter, page)
        return ExportedEventList(items=[exported_view(row) for row in rows], next_cursor=next_cursor)

    @get(
        "/users/{user_id:str}/audit",
        summary="List security events of a user",
        operation_id="listAuditEventsOfUser",
        **with_access(
            ACCESS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            UserNotFoundException,
            *DATABASE_ERRORS,
            response=EXAMPLE_LIST,
        ),
    )
    async def list_events_of_user(
        self,
        user_id: Annotated[str, PathParameter(description="The `id` of the user.")],
        user_filter: Injected[EventFilter],
        audit: Injected[AuditTrail],
        users: Injected[UserService],
        page: Injected[PageRequest],
    ) -> ExportedEventList:
        """Return the events of a user that fulfil all conditions, newest first."""
        user = (await users.get_credentials(parse_id(user_id) or 0)).user
        rows, next_cursor = await audit.search(msgspec.structs.replace(user_filter, user_id=user.id), page)
        return ExportedEventList(items=[exported_view(row) for row in rows], next_cursor=next_cursor)

    @get(
        "/audit/export",
        summary="Export security events",
        operation_id="exportAuditEvents",
        media_type=JSON_LINES,
        rate_limit="audit_export",
        **with_access(ACCESS, ValidationException, *ADMINISTRATION_ERRORS, *DATABASE_ERRORS),
    )
    async def export(
        self,
        export_request: Injected[ExportRequest],
        audit: Injected[AuditTrail],
        request_context: Injected[RequestContext],
    ) -> Response[bytes]:
        """Return events as JSON lines, ordered by `id`, without those of the last minute.

        The last line is `{"next_after": 812, "more": true}`: send `after=812` to continue. A response without this line
        was cut off.
        """
        rows, has_more = await audit.export_batch(**msgspec.structs.asdict(export_request))
        next_after = rows[-1].id if rows else export_request.after
        line = logger.bind(event="audit:exported", actor=request_context.actor, count=len(rows), next_after=next_after)
        line.info("security events exported")
        last = {"next_after": next_after, "more": has_more}
        lines = [msgspec.json.encode(line) for line in (*map(exported_view, rows), last)]
        return Response(b"\n".join(lines) + b"\n", media_type=JSON_LINES)
