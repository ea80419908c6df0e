"""Link the own account to accounts at providers, list them and unlink them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from auth_api.credentials.identities.errors import IdentityTakenException
from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.providers.service import Providers
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, NotFoundException, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.principal import Principal
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.identity_removal import IdentityRemoval
from auth_api.sign_in.identity_uses import IdentityUses
from auth_api.sign_in.mails import IDENTITY_LINKED
from auth_api.sign_in.ways_in import WaysIn
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowPurpose, LinkTicket
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User


class OwnIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """An identity of the caller.

    Attributes:
        identity: the identity.
        provider_name: the name of its provider, or the id of one that is no longer configured.
        is_removable: whether the user has another way to log in.
        is_new: whether it has just been linked.
    """

    identity: Identity
    provider_name: str
    is_removable: bool
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """The identities of signed-in users; each change is one transaction with its event and its mail.

    Attributes:
        public_url: where browsers reach this server.
    """

    database: Database
    users: UserService
    identities: Identities
    providers: Providers
    uses: IdentityUses
    removal: IdentityRemoval
    ways_in: WaysIn
    flows: SignInFlows
    tokens: OneTimeTokens
    freshness: Freshness
    outbox: Outbox
    public_url: str

    async def list_own(self, principal: Principal) -> tuple[OwnIdentity, ...]:
        """Return the identities of the caller, newest first."""
        number = await self.ways_in.count(principal.id)
        return tuple(self._own(each, number) for each in await self.identities.of_user(principal.id))

    async def start(
        self, principal: Principal, provider_id: str, *, return_to: str | None = None, challenge: str | None = None
    ) -> str:
        """Return the address at which a browser begins to link an identity. It works once, within 2 minutes.

        Args:
            principal: the caller, whose session finishes the link.
            provider_id: the provider.
            return_to: one of the allowed addresses of applications; None for the pages of this server.
            challenge: the code challenge of the application.

        Raises:
            ValidationException: no provider has this id.
            StepUpRequiredException: the last proof of identity is too weak or too old.
            LimitReachedException: the user has as many identities as allowed.
            TokenRevokedException: the session has ended in the meantime.
        """
        try:
            self.providers.find(provider_id)
        except NotFoundException:
            raise ValidationException([FieldError("provider", "not_found", "No provider has this id.")]) from None
        ticket = LinkTicket(
            provider=provider_id, session_id=principal.session_id, return_to=return_to, challenge=challenge
        )
        payload: Mapping[str, object] = msgspec.to_builtins(ticket)

        async def work() -> str:
            await self.freshness.hold(principal, has_password_sent=False)
            await self.identities.require_room(principal.id)
            return await self.tokens.issue(Purpose.IDENTITY_LINK, principal.id, **payload)

        token = await self.database.transaction(work)
        return f"{self.public_url}/api/auth/providers/{provider_id}/start?{urlencode({'ticket': token})}"

    async def finish(self, flow: Flow, principal: Principal, request_context: RequestContext) -> OwnIdentity:
        """Link the identity that a provider has proved in a flow, which the same session began.

        Args:
            flow: a proved flow, which is used up.
            principal: the caller.
            request_context: the client of the request.

        Raises:
            FlowInvalidException: another session began the flow, or it was used or has expired.
            IdentityTakenException: the identity is linked to another user.
            LimitReachedException: the user has as many identities as allowed.
            TokenRevokedException: the session has ended in the meantime.
        """
        is_own = (flow.user_id, flow.session_id) == (principal.id, principal.session_id)
        if not is_own or flow.purpose not in {FlowPurpose.LINK, FlowPurpose.PAGE_LINK}:
            raise FlowInvalidException

        async def work() -> OwnIdentity:
            user = await self.users.lock(principal.id)
            if user is None:
                raise UserNotFoundException
            await self.freshness.sessions.reload(principal)
            await self.flows.claim(flow)
            return await self._link(user, flow, request_context)

        return await self.database.transaction(work)

    async def link_by_code(
        self, code: str, code_verifier: str, principal: Principal, request_context: RequestContext
    ) -> OwnIdentity:
        """Link the identity of a flow by the code that its application got; see `finish`."""
        flow = await self.flows.find_code(code, code_verifier, FlowPurpose.LINK)
        return await self.finish(flow, principal, request_context)

    async def link_by_token(self, token: str, principal: Principal, request_context: RequestContext) -> OwnIdentity:
        """Link the identity of a sign-in that found the account of the caller by its e-mail address.

        Args:
            token: from the sign-in.
            principal: the caller, who has logged in to that account.
            request_context: the client of the request.

        Raises:
            FlowInvalidException: the token is unknown, used, expired, or of another account, for which it still works.
            StepUpRequiredException: the last proof of identity is too weak or too old.
            IdentityTakenException: the identity is linked to another user.
            LimitReachedException: the user has as many identities as allowed.
            TokenRevokedException: the session has ended in the meantime.
        """

        async def work() -> OwnIdentity:
            await self.freshness.hold(principal, has_password_sent=False)
            flow = await self.flows.claim_link(token, principal.id)
            user = (await self.users.get_credentials(principal.id)).user
            return await self._link(user, flow, request_context)

        return await self.database.transaction(work)

    async def unlink(self, principal: Principal, identity_id: int, request_context: RequestContext) -> None:
        """Remove an identity of the caller, and end the sessions that it has opened, except the present one.

        Raises:
            IdentityNotFoundException: the user has no identity with this id.
            LastSignInMethodException: the user has no other way to log in.
            StepUpRequiredException: the last proof of identity is too weak or too old.
            TokenRevokedException: the session has ended in the meantime.
        """

        async def work() -> None:
            await self.freshness.hold(principal, has_password_sent=False)
            await self.removal.remove(principal.id, identity_id, request_context, kept_session_id=principal.session_id)

        await self.database.transaction(work)

    async def _link(self, user: User, flow: Flow, request_context: RequestContext) -> OwnIdentity:
        upstream = self.uses.upstream_of(flow)
        linked = await self.identities.find(upstream)
        identity = linked or await self.identities.insert(user.id, upstream, request_context)
        if identity is None or identity.user_id != user.id:
            raise IdentityTakenException
        await self.uses.apply(user, identity, upstream, request_context)
        if linked is None:
            name = self.identities.name_of(identity)
            await self.outbox.to_user(IDENTITY_LINKED, user.id, request_context, provider=name)
        return self._own(identity, await self.ways_in.count(user.id), is_new=linked is None)

    def _own(self, identity: Identity, ways_in: int, *, is_new: bool = False) -> OwnIdentity:
        is_last = ways_in == 1 and self.identities.is_usable(identity)
        name = self.identities.name_of(identity)
        return OwnIdentity(identity=identity, provider_name=name, is_removable=not is_last, is_new=is_new)
