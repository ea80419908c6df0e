"""Routes with which administrators list and end the sessions of users."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, delete, get
from litestar.params import PathParameter

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import ADMINISTRATION_ERRORS
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.user_path import RANK_ERRORS, user_id_of
from auth_api.flows.administration.user_search import UserSearch
from auth_api.kit.errors import ValidationException
from auth_api.kit.http.access import administration
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import DATABASE_ERRORS, with_access
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.errors import SessionNotFoundException
from auth_api.sessions.schemas import EXAMPLE_SESSION, LoggedOutEverywhere, SessionList, session_view
from auth_api.sessions.service import SessionService
from auth_api.users.errors import UserNotFoundException

UserId = Annotated[str, PathParameter(description="The `id` of the user.")]

READS_SESSIONS: Final = administration("sessions:read", accepts_key=True)
ENDS_SESSIONS: Final = administration("sessions:end", accepts_key=True)

ENDED: Final = "All sessions of the user have ended."


class UserSessionController(Controller):
    """List and end the sessions of users."""

    path = "/api/admin/users/{user_id:str}/sessions"
    tags = ("Administration",)

    @get(
        "/",
        summary="List the sessions of a user",
        operation_id="listUserSessions",
        **with_access(
            READS_SESSIONS,
            ValidationException,
            *ADMINISTRATION_ERRORS,
            UserNotFoundException,
            *DATABASE_ERRORS,
            response={"items": [{**EXAMPLE_SESSION, "current": False}], "next_cursor": None},
        ),
    )
    async def list_sessions(
        self,
        user_id: UserId,
        sessions: Injected[SessionService],
        user_search: Injected[UserSearch],
        page: Injected[PageRequest],
    ) -> SessionList:
        """Return the active sessions of a user, newest first."""
        user = await user_search.get(user_id_of(user_id))
        rows, next_cursor = await sessions.list_live(user.id, page)
        max_age = sessions.policy.mfa_max_age
        items = [session_view(each, current=None, mfa_max_age=max_age) for each in rows]
        return SessionList(items=items, next_cursor=next_cursor)

    @delete(
        "/{session_id:str}",
        summary="End a session of a user",
        operation_id="endUserSession",
        **with_access(ENDS_SESSIONS, *ADMINISTRATION_ERRORS, *RANK_ERRORS, SessionNotFoundException, *DATABASE_ERRORS),
    )
    async def end_session(
        self,
        user_id: UserId,
        session_id: Annotated[str, PathParameter(description="The `id` of the session.")],
        caller: Injected[Caller],
        account_recovery: Injected[AccountRecoveryService],
        request_context: Injected[RequestContext],
    ) -> None:
        """End a session of a user at once."""
        await account_recovery.end_session(
            user_id_of(user_id), _uuid(session_id), by=caller.authority, request_context=request_context
        )

    @delete(
        "/",
        status_code=200,
        summary="End all sessions of a user",
        operation_id="endUserSessions",
        **with_access(
            ENDS_SESSIONS,
            *ADMINISTRATION_ERRORS,
            *RANK_ERRORS,
            *DATABASE_ERRORS,
            response={"message": ENDED, "sessions_ended": 2},
        ),
    )
    async def end_sessions(
        self,
        user_id: UserId,
        caller: Injected[Caller],
        account_recovery: Injected[AccountRecoveryService],
        request_context: Injected[RequestContext],
    ) -> LoggedOutEverywhere:
        """End all sessions of a user at once."""
        ended = await account_recovery.end_sessions(
            user_id_of(user_id), by=caller.authority, request_context=request_context
        )
        return LoggedOutEverywhere(message=ENDED, sessions_ended=ended)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
