"""Routes to refresh, list and end sessions."""

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.params import JSONBody, PathParameter

from auth_api.kit.cookie_mode import COOKIE_MODE, forget_refresh_cookie
from auth_api.kit.errors import MalformedRequestException, ValidationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, protected, public, public_or_bearer
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.bearer_token import bearer_token
from auth_api.sessions.errors import (
    AUTHENTICATION_ERRORS,
    AuthenticationRequiredException,
    RefreshTokenReusedException,
    SessionNotFoundException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
from auth_api.sessions.principal import Principal
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.schemas import (
    EXAMPLE_REFRESH_TOKEN,
    EXAMPLE_SESSION,
    EXAMPLE_TOKEN_PAIR,
    LoggedOut,
    LoggedOutEverywhere,
    LogoutAllRequest,
    LogoutRequest,
    RefreshRequest,
    SessionList,
    TokenPair,
    session_view,
)
from auth_api.sessions.service import SessionService

LOGGED_OUT = LoggedOut(message="Logged out.")


class SessionController(Controller):
    """Refresh and end sessions."""

    path = "/api/auth"
    tags = ("Authentication",)

    @post(
        "/refresh",
        status_code=200,
        summary="Refresh",
        operation_id="refresh",
        rate_limit="refresh",
        **public(
            *BODY_ERRORS,
            TokenInvalidException,
            TokenExpiredException,
            TokenRevokedException,
            RefreshTokenReusedException,
            *DATABASE_ERRORS,
            response=EXAMPLE_TOKEN_PAIR,
            request={"refresh_token": EXAMPLE_REFRESH_TOKEN},
        ),
    )
    async def refresh(
        self,
        rotation: Injected[RotationService],
        request_context: Injected[RequestContext],
        data: JSONBody[RefreshRequest | None] = None,
    ) -> TokenPair:
        """Exchange a refresh token for a new token pair.

        Each refresh token works once. A retry within `REFRESH_GRACE_SECONDS` of the server returns the same successor
        again, in case the response was lost. A second use after that, or after the use of the successor, ends the
        session.

        In cookie mode, the token is in the cookie, and the body is empty. A token younger than 5 minutes stays valid,
        so that the response has no new cookie.
        """
        return await rotation.refresh(_refresh_token(data), request_context)

    @post(
        "/logout",
        status_code=200,
        summary="Log out",
        operation_id="logOut",
        **public_or_bearer(  # an expired access token can log out, too
            *BODY_ERRORS,
            AuthenticationRequiredException,
            TokenInvalidException,
            *DATABASE_ERRORS,
            response={"message": LOGGED_OUT.message},
            request={"refresh_token": EXAMPLE_REFRESH_TOKEN},
        ),
    )
    async def log_out(
        self,
        request: Request[Any, Any, Any],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
        data: JSONBody[LogoutRequest | None] = None,
    ) -> LoggedOut:
        """End the session of the access token, of the refresh token in the body, or of both, at once.

        The request also succeeds if the session has already ended or the access token has expired. Together with a
        refresh token, an access token that is not genuine is ignored.

        In cookie mode, the refresh token is in the cookie, which the response deletes. The request succeeds with any
        cookie and access token, and without them.
        """
        mode, sent = COOKIE_MODE.get(), data.refresh_token if data is not None else None
        refresh_token = sent if mode is None else mode.refresh_token or ""
        if refresh_token is None:
            await sessions.log_out(bearer_token(request.scope), request_context)
            return LOGGED_OUT
        forget_refresh_cookie()
        await sessions.log_out_by_refresh_token(refresh_token, request_context)
        with suppress(AuthenticationRequiredException, TokenInvalidException):
            await sessions.log_out(bearer_token(request.scope), request_context)
        return LOGGED_OUT

    @post(
        "/logout-all",
        status_code=200,
        summary="Log out everywhere",
        operation_id="logOutEverywhere",
        **protected(
            *BODY_ERRORS,
            *AUTHENTICATION_ERRORS,
            *DATABASE_ERRORS,
            response={"message": "Logged out everywhere.", "sessions_ended": 3},
            request={"keep_current": False},
        ),
    )
    async def log_out_everywhere(
        self,
        principal: Injected[Principal],
        access_revocation: Injected[AccessRevocation],
        request_context: Injected[RequestContext],
        data: JSONBody[LogoutAllRequest | None] = None,
    ) -> LoggedOutEverywhere:
        """End all sessions of the user; with `keep_current`, all except the session of this request."""
        keep_current = data is not None and data.keep_current
        if not keep_current:
            forget_refresh_cookie()
        ended = await access_revocation.log_out_everywhere(principal, request_context, keep_current=keep_current)
        return LoggedOutEverywhere(message="Logged out everywhere.", sessions_ended=ended)


def _refresh_token(data: RefreshRequest | None) -> str:
    """Return the refresh token of the body, or in cookie mode that of the cookie.

    Raises:
        MalformedRequestException: the body is empty.
        AuthenticationRequiredException: the request is in cookie mode and has no cookie.
    """
    if (mode := COOKIE_MODE.get()) is not None:
        if mode.refresh_token is None:
            raise AuthenticationRequiredException
        return mode.refresh_token
    if data is None:
        raise MalformedRequestException
    return data.refresh_token


class OwnSessionsController(Controller):
    """List and end the user's own sessions."""

    path = "/api/user/sessions"
    tags = ("Account",)

    @get(
        "/",
        summary="List sessions",
        operation_id="listSessions",
        **protected(
            ValidationException,
            *AUTHENTICATION_ERRORS,
            *DATABASE_ERRORS,
            response={"items": [EXAMPLE_SESSION], "next_cursor": None},
        ),
    )
    async def list_sessions(
        self, principal: Injected[Principal], sessions: Injected[SessionService], page: Injected[PageRequest]
    ) -> SessionList:
        """Return the active sessions, newest first."""
        rows, next_cursor = await sessions.list_live(principal.id, page)
        max_age = sessions.policy.mfa_max_age
        items = [session_view(each, current=principal.session_id, mfa_max_age=max_age) for each in rows]
        return SessionList(items=items, next_cursor=next_cursor)

    @delete(
        "/{session_id:uuid}",
        summary="End a session",
        operation_id="endSession",
        **protected(*AUTHENTICATION_ERRORS, SessionNotFoundException, *DATABASE_ERRORS),
    )
    async def end_session(
        self,
        session_id: Annotated[UUID, PathParameter(description="The `id` of the session.")],
        principal: Injected[Principal],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> None:
        """End a session of the user at once. Ending the session of this request logs the caller out."""
        await sessions.end_one(session_id, principal.id, request_context)
        if session_id == principal.session_id:
            forget_refresh_cookie()
