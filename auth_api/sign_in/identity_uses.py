"""What follows from a proof by a provider for the account that it is linked to."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.upstream_email import proven_email
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.credentials.providers.service import Providers
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.errors import NotFoundException
from auth_api.kit.request_context import RequestContext
from auth_api.roles.provider_grants import ProviderGrants
from auth_api.sessions.assurance import Method
from auth_api.sign_in.policy import MfaPolicy
from auth_api.sign_in.proof import Proof
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityUses:
    """Applies a proof to an account, in a transaction that has locked the row of the user."""

    users: UserService
    email_ownership: EmailOwnership
    providers: Providers
    provider_grants: ProviderGrants
    mfa_policy: MfaPolicy
    audit: AuditTrail
    outbox: Outbox

    def upstream_of(self, flow: Flow) -> UpstreamIdentity:
        """Return what the provider of a flow has proved.

        Raises:
            FlowInvalidException: nothing, or the provider is no longer in `PROVIDERS`.
        """
        try:
            self.providers.find(flow.provider or "")
        except NotFoundException:
            raise FlowInvalidException from None
        return msgspec.convert(flow.evidence, UpstreamIdentity)

    async def apply(
        self, user: User, identity: Identity, upstream: UpstreamIdentity, request_context: RequestContext
    ) -> None:
        """Verify the user's own address if the provider has proved it, and set the roles that the provider gives.

        The verification ends no access. Users whose address is not verified get roles at their next login after that.

        Args:
            user: the account, as it is locked.
            identity: the identity that was proved.
            upstream: what the provider has proved.
            request_context: the client of the request.
        """
        email = proven_email(upstream)
        is_verified = user.email_verified_at is not None
        if not is_verified and email == user.email:
            is_verified = True
            await self.email_ownership.mark_verified(user.id, email)
            await self.audit.record(
                AccountEvent.EMAIL_VERIFIED,
                user_id=user.id,
                request_context=request_context,
                provider=identity.provider,
            )
        if is_verified or not self.outbox.is_on:
            settings = self.providers.find(upstream.provider).settings
            await self.provider_grants.apply(
                user.id,
                identity.id,
                identity.provider,
                upstream.roles or (),
                may_be_administrative=settings.role_map_administrative,
                request_context=request_context,
            )

    async def proof(
        self, user: User, identity: Identity, upstream: UpstreamIdentity, request_context: RequestContext
    ) -> Proof:
        """Apply a proof, and return it for `SignIn`. The arguments are those of `apply`.

        The session is as old as the login at the provider, if that states its time: an old one confirms nothing.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        await self.apply(user, identity, upstream, request_context)
        credentials = await self.users.get_credentials(user.id)  # with the roles that the provider gives
        is_first_step = self.mfa_policy.requires(credentials)
        login = await self.users.record_first_factor(user.id, is_first_step=is_first_step)
        if login is None:
            raise UserNotFoundException
        return Proof(
            user=login.user,
            methods=(Method.FEDERATION,),
            has_administrative_role=login.has_administrative_role,
            auth_time=min(upstream.auth_time or login.at, login.at),
            opened_at=login.at,
            identity_id=identity.id,
            provider=identity.provider,
        )
