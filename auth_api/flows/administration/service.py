"""Change, disable, enable and delete users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.administration.mails import USERNAME_CHANGED
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.flows.administration.user_search import UserSearch
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority
from auth_api.sessions.account_removal import AccountRemoval
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationService:
    """Changes users for administrators and operators.

    Each change and its event are stored in one transaction. Those of a user who exists raise what `TargetUsers.lock`
    raises.
    """

    database: Database
    users: UserService
    targets: TargetUsers
    user_search: UserSearch
    account_removal: AccountRemoval
    audit: AuditTrail
    outbox: Outbox

    async def disable(
        self, user_id: int, *, by: Authority, request_context: RequestContext, keeps_administrator: bool = True
    ) -> bool:
        """Disable a user and end all sessions of the user; return False if the user already was disabled.

        Raises:
            LastAdministratorException: no active administrator would remain.
        """
        return await self.database.transaction(
            lambda: self.account_removal.disable(
                user_id,
                request_context,
                admit=lambda: self.targets.lock(user_id, by),
                keeps_administrator=keeps_administrator,
            )
        )

    async def enable(self, user_id: int, *, by: Authority, request_context: RequestContext) -> bool:
        """Enable a disabled user; return False if the user was not disabled."""

        async def work() -> bool:
            await self.targets.lock(user_id, by)
            if await self.users.set_active(user_id, active=True) is None:
                return False
            await self.audit.record(AccountEvent.ACCOUNT_ENABLED, user_id=user_id, request_context=request_context)
            return True

        return await self.database.transaction(work)

    async def change(
        self, user_id: int, values: Mapping[str, Any], *, by: Authority, request_context: RequestContext
    ) -> User:
        """Change the username, fields of the profile and keys of the metadata, given by name.

        The user gets a mail about another username, because it may be needed to log in.

        Raises:
            DuplicateUsernameException: another user has the username.
            ValidationException: the metadata would be too long.
        """

        async def work() -> User:
            user = await self.targets.lock(user_id, by)
            changed = await self.users.change_profile(user_id, values)
            await self.audit.record(
                AccountEvent.ACCOUNT_CHANGED, user_id=user_id, request_context=request_context, fields=sorted(values)
            )
            if changed.username != user.username:
                await self.outbox.to_user(USERNAME_CHANGED, user_id, request_context)
            return changed

        return await self.database.transaction(work)

    async def delete(
        self, user_id: int, *, by: Authority, request_context: RequestContext, keeps_administrator: bool = True
    ) -> None:
        """Delete a user with all sessions and tokens; the events remain without a reference to the user.

        Raises:
            LastAdministratorException: no active administrator would remain.
        """
        await self.database.transaction(
            lambda: self.account_removal.delete(
                user_id,
                request_context,
                admit=lambda: self.targets.lock(user_id, by),
                keeps_administrator=keeps_administrator,
            )
        )
