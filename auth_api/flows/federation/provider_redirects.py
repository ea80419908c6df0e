"""Send browsers to a provider, and take them back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec

from auth_api.credentials.providers.errors import (
    ProviderDeniedException,
    ProviderErrorException,
    ProviderUnavailableException,
)
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, Provider
from auth_api.credentials.providers.service import Providers
from auth_api.flows.federation.metrics import PROVED, STARTED, count_flow
from auth_api.flows.federation.start_request import StartRequest
from auth_api.kit.clock import Clock
from auth_api.kit.db.database import Database
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowPurpose, LinkTicket, NewFlow
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.users.service import UserService

_REFUSALS: Final = (ProviderDeniedException, ProviderErrorException, ProviderUnavailableException)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRedirects:
    """Decides where browsers go on their way to a provider and back.

    While a provider is asked, no connection to the database is held.

    Attributes:
        public_url: where browsers reach this server.
    """

    database: Database
    users: UserService
    tokens: OneTimeTokens
    flows: SignInFlows
    providers: Providers
    clock: Clock
    public_url: str

    async def begin(self, provider: Provider, request: StartRequest, browser: str) -> str:
        """Store a new flow, and return the address to redirect the browser to.

        That is the log-in page of the provider; if the provider fails, it is the page that leads back.

        Args:
            provider: where the browser goes.
            request: what the flow is for.
            browser: the value of the browser's cookie.

        Raises:
            FlowInvalidException: the ticket is unknown, used, expired, or of another provider.
        """
        provider_id = provider.settings.id
        flow = await self._new_flow(provider_id, request, browser)
        state, secrets = self.flows.new_state()
        authorization = AuthorizationRequest(
            state=state,
            nonce=secrets.nonce,
            code_challenge=secrets.code_challenge,
            redirect_uri=redirect_uri(self.public_url, provider_id),
            login_hint=request.login_hint,
            prompt=request.prompt,
        )
        error_code = None
        try:
            address = await provider.authorization_url(authorization)
        except _REFUSALS as error:
            address, error_code = self._continuation(state), error.error_code

        async def work() -> None:
            if request.ticket is not None:
                await self._redeem(request.ticket, flow)
            await self.flows.start(state, flow, error_code=error_code)

        run = self.database.statement if request.ticket is None else self.database.transaction
        await run(work)
        count_flow(provider_id, flow.purpose, error_code or STARTED)
        return address

    async def finish(self, provider: Provider, response: Mapping[str, str], browser: str | None) -> str:
        """Let the provider prove who came back with a response, and return the address to redirect the browser to.

        It is the same for each request with the same response, and only the first one asks the provider.

        Args:
            provider: where the browser comes from.
            response: the parameters `state`, `code`, `iss` and `error`, as far as the request has them.
            browser: the value of the browser's cookie; None if it has none.
        """
        provider_id = provider.settings.id
        state = response.get("state")
        if state is None or browser is None:
            return self._continuation(None)
        flow = await self.database.statement(lambda: self.flows.take(state, browser, provider_id))
        if flow is not None:
            await self._prove(provider, flow, state, response)
            return self._continuation(state)
        taken = await self.flows.find(state, browser)
        return self._continuation(state if taken is not None and taken.provider == provider_id else None)

    async def _prove(self, provider: Provider, flow: Flow, state: str, response: Mapping[str, str]) -> None:
        """Store what the provider proves, or why it proves nothing."""
        secrets = self.flows.secrets_of(flow, state)
        if secrets is None:
            code = FlowInvalidException.error_code
            return await self.database.statement(lambda: self.flows.fail(flow, code))
        authorization = AuthorizationResponse(
            code=response.get("code"),
            iss=response.get("iss"),
            error=response.get("error"),
            nonce=secrets.nonce,
            code_verifier=secrets.code_verifier,
            redirect_uri=redirect_uri(self.public_url, provider.settings.id),
            started_at=flow.created_at,
            requires_new_login=flow.requires_new_login,
        )
        try:
            identity = await provider.prove(authorization)
        except _REFUSALS as error:
            code = error.error_code
            await self.database.statement(lambda: self.flows.fail(flow, code))
            return count_flow(provider.settings.id, flow.purpose, code)
        # A person may take a quarter of an hour to sign up: without the time of now, their proof would look new then.
        proved_at = identity.auth_time or self.clock()
        if flow.requires_new_login:  # which followed the start, even if another clock, which states it, is behind
            proved_at = max(proved_at, flow.created_at)
        evidence = msgspec.to_builtins(msgspec.structs.replace(identity, auth_time=proved_at))
        await self.database.statement(lambda: self.flows.prove(flow, secrets, evidence))
        return count_flow(provider.settings.id, flow.purpose, PROVED)

    async def _new_flow(self, provider_id: str, request: StartRequest, browser: str) -> NewFlow:
        if request.ticket is None:
            return NewFlow(
                purpose=FlowPurpose.PAGE if request.is_of_page else FlowPurpose.HAND_OFF,
                provider=provider_id,
                browser=browser,
                return_to=request.return_to,
                challenge=request.challenge,
                continue_path=request.continue_path,
                requires_new_login=request.prompt == "login",
            )
        try:
            grant = await self.tokens.find(request.ticket, Purpose.IDENTITY_LINK)
        except OneTimeTokenInvalidException:
            raise FlowInvalidException from None
        ticket = msgspec.convert(grant.payload, LinkTicket)
        if ticket.provider != provider_id:
            raise FlowInvalidException
        return NewFlow(
            purpose=FlowPurpose.PAGE_LINK if ticket.return_to is None else FlowPurpose.LINK,
            provider=provider_id,
            browser=browser,
            user_id=grant.user_id,
            session_id=ticket.session_id,
            return_to=ticket.return_to,
            challenge=ticket.challenge,
        )

    async def _redeem(self, ticket: str, flow: NewFlow) -> None:
        """Use up a ticket, in the order of the locks: first the account."""
        if flow.user_id is None or await self.users.lock(flow.user_id) is None:
            raise FlowInvalidException
        try:
            await self.tokens.redeem(Purpose.IDENTITY_LINK, ticket)
        except OneTimeTokenInvalidException:
            raise FlowInvalidException from None

    def _continuation(self, state: str | None) -> str:
        """Return the address of the page that leads back to where the sign-in began."""
        page = f"{self.public_url}/account/login/provider"
        return page if state is None else f"{page}?{urlencode({'state': state})}"


def redirect_uri(public_url: str, provider_id: str) -> str:
    """Return where a provider sends browsers back to, which is registered there."""
    return f"{public_url}/api/auth/providers/{provider_id}/callback"
