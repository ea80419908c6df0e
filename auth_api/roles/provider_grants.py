"""Give users the roles that their groups at a provider are mapped to, and take them away with the groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product

from loguru import logger

from auth_api.events.audit.actors import provider_actor, provider_of
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database, after_commit
from auth_api.kit.request_context import RequestContext
from auth_api.roles import provider_grants_repository, repository
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.roles.events import RoleEvent
from auth_api.roles.metrics import OUTCOMES, ROLE_MAPPINGS
from auth_api.roles.provider_grants_repository import GrantingIdentity
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.roles.role import MAX_ROLES_PER_USER, Role
from auth_api.users.email_ownership import EmailOwnership


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderGrants:
    """Grants and revokes the roles of identities; a role that a person has granted is never touched.

    No lock on roles is needed before that of the account: ranks are not compared, and `administrator` is never granted.

    Attributes:
        role_granted_mail: tells users about administrative roles.
        providers: the names of the providers that grant roles, by their ids.
    """

    database: Database
    users: EmailOwnership
    audit: AuditTrail
    outbox: Outbox
    role_granted_mail: MailKind
    providers: Mapping[str, str]

    def __post_init__(self) -> None:
        """Create the series of the metric."""
        for provider, outcome in product(self.providers, OUTCOMES):
            ROLE_MAPPINGS.labels(provider, outcome)

    async def apply(  # noqa: PLR0913 - an identity, what it grants and on which occasion
        self,
        user_id: int,
        identity_id: int,
        provider: str,
        names: Sequence[str],
        *,
        may_be_administrative: bool,
        request_context: RequestContext,
    ) -> None:
        """Let a user have exactly these roles by an identity, inside the transaction that has locked the user's row.

        Roles that do not exist or are not permitted, and those of a user who has the maximum, are skipped and logged.
        A role that the user has already, by a person or by another identity, stays as it is.

        Args:
            user_id: the user, whose e-mail address is verified.
            identity_id: the identity that the user has at the provider.
            provider: the id of the provider.
            names: the roles that the provider grants; none if the identity is removed.
            may_be_administrative: whether the provider may grant roles with power over accounts of others.
            request_context: the request.
        """
        held = await provider_grants_repository.grants_of(user_id)
        granted = {grant.name: grant.role_id for grant in held if grant.identity_id == identity_id}
        if not names and not granted:
            return
        known = {role.name: role for role in await repository.all_roles()}
        wanted = [
            known[name]
            for name in dict.fromkeys(names)
            if self._is_permitted(known.get(name), name, provider, may_be_administrative=may_be_administrative)
        ]
        context = request_context.with_actor(provider_actor(provider))
        dropped = {name: role_id for name, role_id in granted.items() if name not in {role.name for role in wanted}}
        for name, role_id in dropped.items():
            if await provider_grants_repository.revoke(user_id, role_id, identity_id):
                await self._record(RoleEvent.ROLE_REVOKED, user_id, name, context)
        number = len(held) - len(dropped)
        for role in wanted:
            if role.name in {grant.name for grant in held}:
                continue
            if number >= MAX_ROLES_PER_USER:
                _skip(provider, role.name, "limit")
            elif await self._grant(user_id, role, identity_id, context, may_be_administrative=may_be_administrative):
                number += 1
        if dropped:
            await RevokedSubjects().mark_revoked(user_id)

    async def count_unused(self, unused_for: timedelta, limit: int) -> int:
        """Return the number of identities whose roles `remove_unused` removes; `limit` stands for that or more."""
        return len(await provider_grants_repository.unused(unused_for, limit))

    async def remove_unused(self, unused_for: timedelta, limit: int) -> int:
        """Take away the roles of identities that were not used for some time, or removed. Return the number of roles.

        Their users may have lost the groups meanwhile, which is noticed only when they log in by the provider.
        """
        removed = 0
        for identity in await provider_grants_repository.unused(unused_for, limit):
            removed += await self.database.transaction(partial(self._remove_unused, identity, unused_for))
        return removed

    async def _remove_unused(self, identity: GrantingIdentity, unused_for: timedelta) -> int:
        await self.users.lock(identity.user_id)
        ids = await provider_grants_repository.remove_unused(identity, unused_for)
        names = {role.id: role.name for role in await repository.all_roles()} if ids else {}
        context = RequestContext(actor=identity.granted_by)
        for role_id in ids:
            await self._record(RoleEvent.ROLE_REVOKED, identity.user_id, names[role_id], context)
        if ids:
            await RevokedSubjects().mark_revoked(identity.user_id)
        return len(ids)

    async def _grant(
        self, user_id: int, role: Role, identity_id: int, context: RequestContext, *, may_be_administrative: bool
    ) -> bool:
        actor = context.actor or ""
        if not await provider_grants_repository.grant(
            user_id, role.id, identity_id, granted_by=actor, may_be_administrative=may_be_administrative
        ):  # the role has changed since it was read
            _skip(provider_of(actor), role.name, "administrative")
            return False
        await self._record(RoleEvent.ROLE_GRANTED, user_id, role.name, context)
        if role.is_administrative:
            provider = provider_of(actor)
            name = self.providers.get(provider, provider)
            await self.outbox.to_user(self.role_granted_mail, user_id, context, role=role.name, provider=name)
        return True

    async def _record(self, tag: RoleEvent, user_id: int, name: str, context: RequestContext) -> None:
        await self.audit.record(tag, user_id=user_id, request_context=context, resource=f"role:{name}")
        outcome = "granted" if tag is RoleEvent.ROLE_GRANTED else "revoked"
        after_commit(ROLE_MAPPINGS.labels(provider_of(context.actor or ""), outcome).inc)

    @staticmethod
    def _is_permitted(role: Role | None, name: str, provider: str, *, may_be_administrative: bool) -> bool:
        if role is None:
            _skip(provider, name, "unknown")
        elif name == ADMINISTRATOR or (role.is_administrative and not may_be_administrative):
            _skip(provider, name, "administrative")
        else:
            return True
        return False


def _skip(provider: str, name: str, outcome: str) -> None:
    after_commit(ROLE_MAPPINGS.labels(provider, outcome).inc)
    logger.bind(event="provider:role_skipped", provider=provider, role=name, outcome=outcome).warning(
        "a role of the provider's role map was not granted"
    )
