"""Identifies the callers of requests by their bearer token, and refuses those that a route does not accept."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, cast
from urllib.parse import unquote

import msgspec
from litestar.connection import Request
from litestar.openapi.spec import Components, SecurityScheme
from litestar.security.jwt import JWTAuth
from litestar.security.jwt.middleware import JWTAuthenticationMiddleware
from litestar.types import Receive, Scope, Send

from auth_api.authentication.admin_log import log_read_account
from auth_api.authentication.caller import Caller
from auth_api.authentication.decision import Decision
from auth_api.authentication.errors import SessionRequiredException
from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.kit.crypto.api_keys import API_KEY_PREFIXES
from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.access import ACCESS, BEARER, SESSION, Access
from auth_api.kit.http.scope_keys import ACTOR, KEY_ID, request_context_of
from auth_api.sessions.bearer_token import bearer_token
from auth_api.sessions.errors import AuthenticationRequiredException
from auth_api.sessions.principal import GrantedPrincipal, Principal
from auth_api.sessions.service import SessionService

ADMINISTRATION_PATH: Final = "/api/admin/"

Identify = Callable[[str], Awaitable[Principal]]
"""Returns whose access token it is."""

LoadCaller = Callable[[str, Scope], Awaitable[Caller]]
"""Returns whose bearer token a request has, with roles and rights."""


def identification(sessions: SessionService) -> Identify:
    """Return the function that finds the principal of every access token."""

    async def identify(token: str) -> Principal:
        """Verify an access token and load its session, not within a transaction.

        Raises:
            AuthException: from `AccessTokens.verify` and `SessionService.principal`.
        """
        return await sessions.principal(sessions.access_tokens.verify(token))

    return identify


def caller_loading(sessions: SessionService, api_keys: ApiKeys) -> LoadCaller:
    """Return the function that finds the caller of every bearer token, with roles and rights.

    It is an access token or an API key, which the prefix tells apart, see `kit/crypto/tokens.py`.
    """

    async def load(token: str, scope: Scope) -> Caller:
        """Verify a bearer token and load what its holder may do, not within a transaction.

        Raises:
            AuthException: from `AccessTokens.verify`, `SessionService.principal` and `ApiKeys.identify`.
        """
        if token.startswith(API_KEY_PREFIXES):
            caller = Caller.of_key(await api_keys.identify(token, request_context_of(scope).client_ip))
            return msgspec.structs.replace(caller, reload=partial(reload_key, token))
        principal = await sessions.granted_principal(sessions.access_tokens.verify(token))
        return msgspec.structs.replace(Caller.of_session(principal), reload=partial(reload_session, principal))

    async def reload_key(token: str) -> Caller:
        return Caller.of_key(await api_keys.reload(token))

    async def reload_session(principal: GrantedPrincipal) -> Caller:
        return Caller.of_session(await sessions.reload_granted(principal))

    return load


class BearerMiddleware(JWTAuthenticationMiddleware):
    """Authenticates the requests of all routes that require it. A token that expires during a request is accepted.

    Litestar's own implementation of this middleware ignores the scheme, `kid` and `typ`, reads the wall clock, and
    responds to all errors in the same way.
    """

    def __init__(self, *args: Any, load_caller: LoadCaller, decision: Decision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_caller = load_caller
        self._decision = decision

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide by the `Access` of the route, and pass the request on.

        Raises:
            AuthException: the request has no bearer token, or an invalid one, or its caller may not use the route.
            NotFoundException: see `Decision.check_network` and `_is_exact`.
        """
        access: Access = scope["route_handler"].opt.get(ACCESS, SESSION)
        token = None if access.loads_rights else _token_to_check(access, scope)
        if access.loads_rights or (token is not None and token.startswith(API_KEY_PREFIXES)):
            await self._authorize(access, scope)
        elif token is not None:
            principal: Principal = await self.retrieve_user_handler(token, None)  # type: ignore[arg-type]
            scope["user"] = principal
            scope["state"][ACTOR] = principal.actor
        await self.app(scope, receive, send)
        if access.is_administrative:
            log_read_account(scope)

    async def _authorize(self, access: Access, scope: Scope) -> None:
        if access.is_administrative and not _is_exact(scope):
            raise NotFoundException
        self._decision.check_network(access, request_context_of(scope).client_ip)
        caller = await self._load_caller(bearer_token(scope), scope)
        scope["state"][ACTOR], scope["state"][KEY_ID] = caller.actor, caller.key_id
        await self._decision.check(access, caller)
        if access.permission is not None:
            caller = caller.require(access.permission)
        scope["user"], scope["auth"] = caller.session, caller


def _is_exact(scope: Scope) -> bool:
    """Return whether a path has no repeated and no trailing slash, which Litestar ignores, and no encoded beginning.

    A proxy that protects the admin API by its path might not recognise other spellings.
    """
    raw_path = scope["raw_path"].decode(errors="replace")
    path = unquote(raw_path)
    return "//" not in path and not path.endswith("/") and ADMINISTRATION_PATH in raw_path


def _token_to_check(access: Access, scope: Scope) -> str | None:
    """Return the token of the request; None if the route needs none, and there is none or the handler checks it."""
    if access.accepts_anonymous and not access.checks_token:
        return None
    try:
        return bearer_token(scope)
    except AuthenticationRequiredException:
        if access.accepts_anonymous:
            return None
        raise


class BearerAuth(JWTAuth[Principal]):
    """Litestar's JWT authentication, with a security scheme that is valid OpenAPI."""

    @property
    def openapi_components(self) -> Components:
        """Describe the security scheme, for which Swagger UI offers "Authorize"."""
        scheme = SecurityScheme(
            type="http",
            scheme="bearer",
            bearer_format="JWT",
            description="The `access_token` from the response of registration, login or refresh, or an API key.",
        )
        return Components(security_schemes={BEARER: scheme})


def bearer_auth(identify: Identify, load_caller: LoadCaller, decision: Decision) -> BearerAuth:
    """Return the authentication of all routes."""

    async def retrieve_principal(token: str, _connection: object) -> Principal:
        return await identify(token)

    return BearerAuth(
        token_secret="",  # `identify` has the keys
        retrieve_user_handler=retrieve_principal,
        authentication_middleware_class=partial(  # type: ignore[arg-type] # Litestar only calls it
            BearerMiddleware, load_caller=load_caller, decision=decision
        ),
        openapi_security_scheme_name=BEARER,
    )


def optional_principal(
    identify: Identify, load_caller: LoadCaller
) -> Callable[[Request[Any, Any, Any]], Awaitable[Principal | None]]:
    """Return the dependency of routes that accept a token without needing one."""

    async def find(request: Request[Any, Any, Any]) -> Principal | None:
        if (checked := request.scope.get("user")) is not None:  # by the middleware
            return cast("Principal", checked)
        try:
            token = bearer_token(request.scope)
        except AuthenticationRequiredException:
            return None
        # An invalid token is an error: without a token, verifying an e-mail address may lock the password.
        if token.startswith(API_KEY_PREFIXES):
            await load_caller(token, request.scope)
            raise SessionRequiredException
        return await identify(token)

    return find
