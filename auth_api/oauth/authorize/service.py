"""Answers authorization requests, at once or after the person has done what is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from loguru import logger

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.http.oauth_errors import AccessDeniedException, OAuthException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.authorize.decisions import Decisions, Waiting, decider_of
from auth_api.oauth.authorize.errors import ConsentRequiredException, LoginRequiredException
from auth_api.oauth.authorize.events import AuthorizationEvent
from auth_api.oauth.authorize.metrics import AUTHORIZATIONS, CODE
from auth_api.oauth.authorize.request_checks import RequestChecks, returned_state
from auth_api.oauth.authorize.requirements import Asked, Requirements
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.requests.request import RequestKind, RequestParameters, RequestState
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Sends codes and errors to applications (RFC 6749 §4.1, RFC 9700, OpenID Connect Core §3.1.2).

    Attributes:
        issuer: the name of this server in its answers (RFC 9207).
    """

    database: Database
    users: UserService
    sessions: SessionService
    audit: AuditTrail
    checks: RequestChecks
    requirements: Requirements
    decisions: Decisions
    issuer: str

    async def begin(
        self,
        parameters: Parameters,
        *,
        browser: str | None,
        principal: Principal | None,
        request_context: RequestContext,
    ) -> tuple[str | None, str]:
        """Answer a request that needs nothing of the person, or store it.

        Args:
            parameters: as received.
            browser: the value of the browser's cookie; None for a form of another site, which comes without cookies: it
                is stored, and decided when the browser asks for it with them.
            principal: the session of the browser; None if it has none.
            request_context: the client of the request.

        Returns:
            The address of the application with the answer, or None; and the token of the stored request, or an empty
            text.

        Raises:
            ValidationException: the application or its address is not known, so that it gets no answer.
            FlowInvalidException: the application was deleted in the meantime.
        """
        client, redirect_uri = await self.checks.client_of(parameters)
        try:
            asked = Asked(
                kind=RequestKind.AUTHORIZE,
                client=client,
                parameters=await self.checks.read(client, parameters),
                created_at=await self.sessions.present_time(),
            )
            if browser is not None:
                step = await self.requirements.next_step(asked, principal)
                if step is None and principal is not None:
                    return await self._answer_at_once(asked, principal, request_context), ""
        except OAuthException as error:
            return self._error(client, redirect_uri, returned_state(parameters), error), ""
        return None, await self._store(asked, browser)

    async def respond(
        self, raw: str | None, browser: str | None, principal: Principal | None, request_context: RequestContext
    ) -> str | None:
        """Answer a stored request of a browser, once.

        Args:
            raw: the token of the request; None if the browser sent none.
            browser: the value of the browser's cookie; None if it has none.
            principal: the session of the browser; None if it has none.
            request_context: the client of the request.

        Returns:
            The address of the application with the answer; None if the person still has to do something.

        Raises:
            FlowInvalidException: it is unknown, expired, answered, or of another browser, or its application was
                disabled or deleted.
        """
        waiting = await self.decisions.find(raw, browser)
        if waiting.request.kind is not RequestKind.AUTHORIZE:
            raise FlowInvalidException
        try:
            if waiting.is_open:
                step = await self.requirements.next_step(waiting.asked, principal)
                if step is None and principal is not None:
                    await self.decisions.approve(waiting, principal, request_context, is_silent=True)
                    waiting = await self.decisions.find(raw, browser)
            if waiting.is_open:
                return None
            if waiting.request.state is RequestState.DENIED:
                raise AccessDeniedException
        except OAuthException as error:
            if not await self.decisions.requests.answer(waiting.request):
                raise FlowInvalidException from None
            parameters = waiting.request.parameters
            return self._error(waiting.asked.client, str(parameters.redirect_uri), parameters.state, error)
        return await self._answer(waiting, request_context)

    async def _store(self, asked: Asked, browser: str | None) -> str:
        requests = self.decisions.requests

        async def work() -> str:
            if not await self.decisions.clients.hold(asked.client):
                raise FlowInvalidException
            return await requests.open(asked.kind, asked.client.id, asked.parameters, browser=browser)

        return await self.database.transaction(work)

    async def _answer_at_once(self, asked: Asked, principal: Principal, request_context: RequestContext) -> str:
        async def work() -> str:
            if not await self.decisions.hold(principal) or not await self.decisions.clients.hold(asked.client):
                raise LoginRequiredException
            if not await self.decisions.is_complete(asked, principal):
                raise ConsentRequiredException
            await self.decisions.store_consent(asked, principal, request_context)
            decider = decider_of(principal)
            code = await self.decisions.requests.open_with_code(asked.client.id, asked.parameters, decider)
            await self._record(asked, principal.id, request_context)
            return code

        return self._code(asked.parameters, await self.database.transaction(work))

    async def _answer(self, waiting: Waiting, request_context: RequestContext) -> str:
        """Return the address with the code of an approved request."""
        user_id = waiting.request.user_id

        async def work() -> str | None:
            if user_id is None or await self.users.lock(user_id) is None:
                return None
            code = await self.decisions.requests.make_code(waiting.request)
            if code is not None:
                await self._record(waiting.asked, user_id, request_context)
            return code

        code = await self.database.transaction(work)
        if code is None:
            raise FlowInvalidException
        return self._code(waiting.request.parameters, code)

    async def _record(self, asked: Asked, user_id: int, request_context: RequestContext) -> None:
        await self.audit.record(
            AuthorizationEvent.OAUTH_AUTHORIZED,
            user_id=user_id,
            request_context=request_context,
            client=asked.client.client_id,
            application=asked.client.name,
            scopes=" ".join(asked.parameters.scopes),
        )

    def _code(self, parameters: RequestParameters, code: str) -> str:
        AUTHORIZATIONS.labels(CODE).inc()
        return self._address(str(parameters.redirect_uri), {"code": code, "state": parameters.state})

    def _error(self, client: OAuthClient, redirect_uri: str, state: str | None, error: OAuthException) -> str:
        AUTHORIZATIONS.labels(error.error).inc()
        log = logger.bind(event="oauth:refused", endpoint="authorize", client=client.client_id)
        log.bind(error=error.error, reason=error.description).info("OAuth request refused")
        values = {"error": error.error, "error_description": error.description, "state": state}
        return self._address(redirect_uri, values)

    def _address(self, redirect_uri: str, values: Mapping[str, str | None]) -> str:
        """Return the address of the application with the answer, and the issuer (RFC 9207 §2)."""
        query = urlencode({name: value for name, value in {**values, "iss": self.issuer}.items() if value is not None})
        return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"
