"""Finds, links and removes identities."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth_api.credentials.identities import repository
from auth_api.credentials.identities.events import IdentityEvent
from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.credentials.providers.service import Providers
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.request_context import RequestContext
from auth_api.roles.provider_grants import ProviderGrants

MAX_IDENTITIES: Final = 20
"""Identities that a user may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Accounts at providers. Call all methods that change one in a transaction that has locked the row of the user."""

    audit: AuditTrail
    providers: Providers
    provider_grants: ProviderGrants

    def is_usable(self, identity: Identity) -> bool:
        """Return whether the user can log in with it: not if its provider is no longer in `PROVIDERS`."""
        return identity.provider in [provider.settings.id for provider in self.providers.all()]

    def name_of(self, identity: Identity) -> str:
        """Return the name of the provider; its id if it is no longer in `PROVIDERS`."""
        names = {provider.settings.id: provider.settings.name for provider in self.providers.all()}
        return names.get(identity.provider, identity.provider)

    async def find(self, upstream: UpstreamIdentity) -> Identity | None:
        """Return the identity of a person, or None if it is linked to no user."""
        return await repository.find(upstream.issuer, upstream.subject)

    async def of_user(self, user_id: int) -> tuple[Identity, ...]:
        """Return the identities of a user, usable or not, newest first."""
        return await repository.of_user(user_id)

    async def names_of_user(self, user_id: int) -> list[str]:
        """Return the names of the providers by which a user can log in, sorted; one per identity, for mails."""
        return sorted(self.name_of(each) for each in await repository.of_user(user_id) if self.is_usable(each))

    async def require_room(self, user_id: int) -> None:
        """Check that a user may link one more.

        Raises:
            LimitReachedException: the user has `MAX_IDENTITIES`.
        """
        if len(await repository.of_user(user_id)) >= MAX_IDENTITIES:
            raise LimitReachedException

    async def insert(
        self, user_id: int, upstream: UpstreamIdentity, request_context: RequestContext
    ) -> Identity | None:
        """Link an identity to a user, and return it; None if it is linked already, to any user.

        Raises:
            LimitReachedException: the user has `MAX_IDENTITIES`.
        """
        await self.require_room(user_id)
        identity = await repository.insert(user_id, upstream)
        if identity is not None:
            await self.audit.record(
                IdentityEvent.IDENTITY_LINKED,
                user_id=user_id,
                request_context=request_context,
                provider=identity.provider,
            )
        return identity

    async def touch(self, identity: Identity, upstream: UpstreamIdentity) -> bool:
        """Store the time of a login and what the provider states now. Return False if it is no longer linked."""
        return await repository.record_use(identity.id, identity.user_id, upstream)

    async def remove(self, identity_id: int, user_id: int, request_context: RequestContext) -> Identity | None:
        """Remove an identity of a user with the roles that it gave, and return it; None if the user has none such."""
        identity = await repository.remove(identity_id, user_id)
        if identity is not None:
            await self.audit.record(
                IdentityEvent.IDENTITY_UNLINKED,
                user_id=user_id,
                request_context=request_context,
                provider=identity.provider,
            )
            await self.provider_grants.apply(
                user_id,
                identity.id,
                identity.provider,
                (),
                may_be_administrative=False,
                request_context=request_context,
            )
        return identity

    async def remove_since(self, since: datetime | None, user_id: int, request_context: RequestContext) -> None:
        """Remove the identities of a user that were linked after a time; None means all."""
        for identity in await repository.of_user(user_id):
            if since is None or identity.linked_at > since:
                await self.remove(identity.id, user_id, request_context)
