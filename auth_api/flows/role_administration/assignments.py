"""Grant roles to users and revoke them."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.role_administration.mails import ROLE_GRANTED, ROLE_REVOKED
from auth_api.kit.db.database import Database
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import RoleNotFoundException
from auth_api.roles.events import RoleEvent
from auth_api.roles.granted import Granted
from auth_api.roles.rights import Authority
from auth_api.roles.role import MAX_ROLES_PER_USER, Role
from auth_api.roles.service import RoleService
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.users.directory import UserDirectory
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignments:
    """Grants and revokes roles; each change, its event and the mail to the user are stored in one transaction."""

    database: Database
    users: UserService
    directory: UserDirectory
    roles: RoleService
    audit: AuditTrail
    outbox: Outbox

    async def holders(self, role_name: str, limit: int) -> Sequence[User]:
        """Return the newest users who have a role.

        Raises:
            RoleNotFoundException: the role does not exist.
        """
        ids, _ = await self.roles.holders(await self.roles.find(role_name), PageRequest(limit))
        return await self.directory.with_ids(ids)

    async def grant(self, user_id: int, role_name: str, *, by: Authority, request_context: RequestContext) -> bool:
        """Give a user a role. Return False if the user has it.

        Raises:
            UserNotFoundException: the user does not exist.
            RoleNotFoundException: the role does not exist.
            SelfChangeRefusedException: the caller is the user.
            RankTooLowException: the caller lacks a permission of the user or of the role.
            EmailNotVerifiedException: mail is on, and the user's e-mail address is not verified.
            LimitReachedException: the user has as many roles as a user can have.
        """

        async def work() -> bool:
            role, user, held = await self._lock(user_id, role_name, by)
            if role.name not in held.roles:
                if self.outbox.is_on and user.email_verified_at is None:
                    raise EmailNotVerifiedException
                if len(held.roles) >= MAX_ROLES_PER_USER:
                    raise LimitReachedException
            if not await self.roles.grant(user_id, role, granted_by=request_context.actor):
                return False
            await self.audit.record(
                RoleEvent.ROLE_GRANTED,
                user_id=user_id,
                request_context=request_context,
                resource=f"role:{role.name}",
            )
            await self.outbox.to_user(ROLE_GRANTED, user_id, request_context, role=role.name)
            return True

        return await self.database.transaction(work)

    async def revoke(
        self,
        user_id: int,
        role_name: str,
        *,
        by: Authority,
        request_context: RequestContext,
        keeps_administrator: bool = True,
    ) -> bool:
        """Take a role from a user. Return False if the user does not have it.

        Args:
            user_id: the user.
            role_name: the role.
            by: the caller.
            request_context: the request.
            keeps_administrator: whether the last administrator stays one.

        Raises:
            LastAdministratorException: no active administrator would remain.
            UserNotFoundException: like the following ones, as for `grant`.
            RoleNotFoundException: see there.
            SelfChangeRefusedException: see there.
            RankTooLowException: see there.
        """

        async def act() -> bool:
            role, _, _ = await self._lock(user_id, role_name, by)
            if not await self.roles.revoke(user_id, role):
                return False
            await self.audit.record(
                RoleEvent.ROLE_REVOKED,
                user_id=user_id,
                request_context=request_context,
                resource=f"role:{role.name}",
            )
            await self.outbox.to_user(ROLE_REVOKED, user_id, request_context, role=role.name)
            return True

        async def work() -> bool:
            return await self.roles.keep_administrator(user_id, act) if keeps_administrator else await act()

        return await self.database.transaction(work)

    async def _lock(self, user_id: int, role_name: str, by: Authority) -> tuple[Role, User, Granted]:
        """Return the role, the user and the roles of the user as of now, and lock the first two, in this order."""
        role = await self.roles.lock(role_name)
        user = await self.users.lock(user_id)
        if user is None:
            raise UserNotFoundException
        if role is None:
            raise RoleNotFoundException
        by.check_other(user_id)
        held = await self.roles.granted(user_id)
        (await by.confirmed()).check_rank(held.rights.union(role.rights))
        return role, user, held
