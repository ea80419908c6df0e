"""The requests that wait for a person, and what the person decides."""

from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.http.oauth_errors import OAuthException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.authorize.events import AuthorizationEvent
from auth_api.oauth.authorize.requirements import Asked, Requirements, Step
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.consents.events import ConsentEvent
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.requests.request import Decider, OAuthRequest, RequestKind, RequestState
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.users.service import UserService

_WAITING: Final = frozenset({RequestState.OPEN, RequestState.APPROVED, RequestState.DENIED})
_SHOWN: Final = {RequestKind.AUTHORIZE: _WAITING, RequestKind.DEVICE: _WAITING | {RequestState.REDEEMED}}
"""The states in which a browser still has a page. That of a device also shows what was decided."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A request that has not been answered, and what it asks for."""

    request: OAuthRequest
    asked: Asked

    @property
    def is_open(self) -> bool:
        """Whether the person still has to decide."""
        return self.request.state is RequestState.OPEN

    @property
    def is_of_device(self) -> bool:
        """Whether a device asks, which gets its answer by itself."""
        return self.request.kind is RequestKind.DEVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Finds the requests of a browser, and stores the decisions of persons about them.

    Each step decides with what is stored at that time: neither a page nor a form is trusted.
    """

    database: Database
    users: UserService
    sessions: SessionService
    audit: AuditTrail
    clients: Clients
    consents: Consents
    requests: OAuthRequests
    requirements: Requirements

    async def find(self, raw: str | None, browser: str | None, *, binds: bool = False) -> Waiting:
        """Return a request of this browser that has not been answered.

        Args:
            raw: the token of the request; None if the browser sent none.
            browser: the value of the browser's cookie; None if it has none.
            binds: whether a request that belongs to no browser yet becomes one of this browser.

        Raises:
            FlowInvalidException: it is unknown, expired, answered, or of another browser, or its application was
                disabled or deleted.
        """
        if raw is None or browser is None:
            raise FlowInvalidException
        request = await self.requests.find(raw, browser)
        if request is None and binds:
            request = await self.requests.bind(raw, browser)
        if request is None or request.state not in _SHOWN.get(request.kind, ()) or request.client_id is None:
            raise FlowInvalidException
        client = await self.clients.get(request.client_id)
        if client is None or not client.is_active:
            raise FlowInvalidException
        asked = Asked(kind=request.kind, client=client, parameters=request.parameters, created_at=request.created_at)
        return Waiting(request=request, asked=asked)

    async def next_step(self, waiting: Waiting, principal: Principal | None) -> Step | None:
        """Return what the person has to do next; None if the application can have its answer, which may be an error."""
        if not waiting.is_open:
            return None
        try:
            return await self.requirements.next_step(waiting.asked, principal)
        except OAuthException:
            return None

    async def show(self, waiting: Waiting, principal: Principal) -> int:
        """Return the number of the present step, for the form of a page that this account sees.

        If another account saw the page before, its form no longer counts.

        Raises:
            FlowInvalidException: the request was decided in the meantime.
        """
        shown = await self.requests.assign(waiting.request, principal.id)
        if shown is None:
            raise FlowInvalidException
        return shown.step

    async def allow(
        self, waiting: Waiting, step: int, principal: Principal | None, request_context: RequestContext
    ) -> None:
        """Approve a request, unless the form belongs to an earlier step."""
        request = waiting.request
        if principal is None or (step, principal.id) != (request.step, request.user_id):
            return
        if await self.next_step(waiting, principal) is Step.CONSENT:
            await self.approve(waiting, principal, request_context)

    async def deny(self, waiting: Waiting, step: int, request_context: RequestContext) -> None:
        """Deny a request, unless the form belongs to an earlier step."""
        request = waiting.request

        async def work() -> None:
            if request.user_id is None or await self.users.lock(request.user_id) is None:
                return
            if await self.requests.deny(request):
                event = (
                    AuthorizationEvent.OAUTH_DEVICE_DENIED
                    if waiting.is_of_device
                    else ConsentEvent.OAUTH_CONSENT_DENIED
                )
                await self._record(event, waiting, request.user_id, request_context)

        if waiting.is_open and step == request.step:
            await self.database.transaction(work)

    async def approve(
        self, waiting: Waiting, principal: Principal, request_context: RequestContext, *, is_silent: bool = False
    ) -> None:
        """Approve a request with the consent of the user, unless it has changed or the session has ended meanwhile.

        Args:
            waiting: the request.
            principal: the session of the browser.
            request_context: the client of the request.
            is_silent: whether the user was not asked. Then a consent that was withdrawn meanwhile is not stored again.
        """

        async def work() -> None:
            if not await self.hold(principal) or (is_silent and not await self.is_complete(waiting.asked, principal)):
                return
            await self.consents.hold(principal.id, waiting.asked.client.id)  # before the request, as a redemption does
            if await self.requests.approve(waiting.request, decider_of(principal)):
                await self.store_consent(waiting.asked, principal, request_context)
                if waiting.is_of_device:
                    await self._record(AuthorizationEvent.OAUTH_DEVICE_APPROVED, waiting, principal.id, request_context)

        await self.database.transaction(work)

    async def _record(self, event: EventTag, waiting: Waiting, user_id: int, request_context: RequestContext) -> None:
        client = waiting.asked.client
        await self.audit.record(
            event,
            user_id=user_id,
            request_context=request_context,
            client=client.client_id,
            application=client.name,
        )

    async def hold(self, principal: Principal) -> bool:
        """Lock the account at the beginning of a transaction, and return whether the session is still live.

        Otherwise a decision of an attacker would survive the reset by which the owner ends all access meanwhile.
        """
        if await self.users.lock(principal.id) is None:
            return False
        try:
            await self.sessions.reload(principal)
        except TokenRevokedException:
            return False
        return True

    async def is_complete(self, asked: Asked, principal: Principal) -> bool:
        """Return whether nothing is left to do, also after the account was locked."""
        return await self.requirements.next_step(asked, principal) is None

    async def store_consent(self, asked: Asked, principal: Principal, request_context: RequestContext) -> None:
        """Store what a user allows, in the transaction that approves the request."""
        await self.consents.grant(
            principal.id,
            asked.client,
            asked.parameters.scopes,
            offline=asked.is_offline,
            request_context=request_context,
        )


def decider_of(principal: Principal) -> Decider:
    """Return the user and the session that a decision is made in."""
    return Decider(user_id=principal.id, session_id=principal.session_id)
