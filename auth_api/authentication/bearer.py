"""Identifies the callers of requests by their bearer token, and refuses those that a route does not accept."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from auth_api.kit.http.access import ACCESS, SESSION
from auth_api.kit.http.scope_keys import ACTOR
from auth_api.sessions.bearer_token import bearer_token
from auth_api.sessions.errors import AuthenticationRequiredException
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService

Identify = Callable[[str], Awaitable[Principal]]
"""Returns whose bearer token it is."""


def identification(sessions: SessionService) -> Identify:
    """Return the function that finds the caller of every bearer token.

    All of them are access tokens. Another kind of token would be recognised here by its prefix, see
    `kit/crypto/tokens.py`.
    """

    async def identify(token: str) -> Principal:
        """Verify an access token and load its session, not within a transaction.

        Raises:
            AuthException: from `AccessTokens.verify` and `SessionService.principal`.
        """
        return await sessions.principal(sessions.access_tokens.verify(token))

    return identify


def authentication(identify: Identify) -> Callable[[ASGIApp], ASGIApp]:
    """Return the middleware of all routes. A token that expires during a request does not interrupt it.

    Litestar's own middleware ignores the scheme, `kid` and `typ`, reads the wall clock, and responds to all errors in
    the same way.
    """

    def around(app: ASGIApp) -> ASGIApp:
        async def authenticate(scope: Scope, receive: Receive, send: Send) -> None:
            if not scope["route_handler"].opt.get(ACCESS, SESSION).accepts_anonymous:
                principal = await identify(bearer_token(scope))
                scope["user"] = principal
                scope["state"][ACTOR] = principal.actor
            await app(scope, receive, send)

        return authenticate

    return around


def optional_principal(identify: Identify) -> Callable[[Request[Any, Any, Any]], Awaitable[Principal | None]]:
    """Return the dependency of routes that accept a token without needing one."""

    async def find(request: Request[Any, Any, Any]) -> Principal | None:
        try:
            token = bearer_token(request.scope)
        except AuthenticationRequiredException:
            return None
        # An invalid token is an error: without a token, verifying an e-mail address may lock the password.
        return await identify(token)

    return find
