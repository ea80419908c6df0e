"""What follows from a proof by a provider for the account that it is linked to."""

from dataclasses import dataclass

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.upstream_email import proven_email
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.assurance import Method
from auth_api.sign_in.policy import MfaPolicy
from auth_api.sign_in.proof import Proof
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityUses:
    """Applies a proof to an account, in a transaction that has locked the row of the user."""

    users: UserService
    email_ownership: EmailOwnership
    mfa_policy: MfaPolicy
    audit: AuditTrail

    async def apply(
        self, user: User, identity: Identity, upstream: UpstreamIdentity, request_context: RequestContext
    ) -> None:
        """Verify the user's own address if the provider has proved it, which ends no access.

        Args:
            user: the account, as it is locked.
            identity: the identity that was proved.
            upstream: what the provider has proved.
            request_context: the client of the request.
        """
        email = proven_email(upstream)
        if user.email_verified_at is None and email == user.email:
            await self.email_ownership.mark_verified(user.id, email)
            await self.audit.record(
                AccountEvent.EMAIL_VERIFIED,
                user_id=user.id,
                request_context=request_context,
                provider=identity.provider,
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
