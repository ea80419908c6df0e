"""Who has sent an invitation, and what it may still give."""

from collections.abc import Iterable
from dataclasses import dataclass

from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.events.audit.actors import COMMAND_LINE, SERVICE, owner_of
from auth_api.roles.errors import RoleNotFoundException
from auth_api.roles.rights import Rights
from auth_api.roles.service import RoleService
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviters:
    """Decides about inviters, whom invitations name as actors of the security history."""

    email_ownership: EmailOwnership
    roles: RoleService
    api_keys: ApiKeys

    async def username(self, actor: str) -> str | None:
        """Return the username of an inviter; None if it is not a user, or has been deleted."""
        user = await self._user(actor)
        return user.username if user is not None else None

    async def may_give(self, actor: str, roles: Iterable[str]) -> bool:
        """Return whether an inviter may give these roles at present, as it could when it invited.

        Otherwise an administrator who was dismissed could come back by an invitation of the time before.
        """
        try:
            given = await self.roles.rights_of_roles(roles)
        except RoleNotFoundException:
            return False
        if actor == COMMAND_LINE:
            return True
        rights = await self._rights(actor)
        return rights is not None and rights.contains(given)

    async def _rights(self, actor: str) -> Rights | None:
        """Return what a user or a service account may do; None if it has been disabled or deleted."""
        kind, _, number = actor.partition(":")
        if kind == SERVICE:
            return await self.api_keys.rights_of_service_account(int(number))
        user = await self._user(actor)
        return await self.roles.rights_of(user.id) if user is not None and user.is_active else None

    async def _user(self, actor: str) -> User | None:
        user_id = owner_of(actor)
        return await self.email_ownership.find(user_id) if user_id is not None else None
