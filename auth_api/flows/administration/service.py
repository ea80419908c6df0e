"""Create, change, disable, enable and delete users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority
from auth_api.sessions.account_removal import AccountRemoval
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.profile import EMPTY_PROFILE, ProfileInput
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationService:
    """Creates and changes users for administrators and operators.

    Each change and its event are stored in one transaction. Those of a user who exists raise what `TargetUsers.lock`
    raises.
    """

    database: Database
    users: UserService
    targets: TargetUsers
    hasher: PasswordHasher
    account_removal: AccountRemoval
    audit: AuditTrail

    async def create(
        self,
        *,
        email: CanonicalEmail,
        username: CanonicalUsername,
        password: str,
        profile: ProfileInput = EMPTY_PROFILE,
        request_context: RequestContext,
    ) -> User:
        """Create a user, without a session and without a mail.

        Raises:
            DuplicateEmailException: the e-mail address is taken.
            DuplicateUsernameException: the username is taken.
        """
        hashed_password = await self.hasher.hash(password)

        async def work() -> User:
            user = await self.users.create(
                email=email, username=username, hashed_password=hashed_password, profile=profile
            )
            await self.audit.record(AccountEvent.ACCOUNT_CREATED, user_id=user.id, request_context=request_context)
            return user

        return await self.database.transaction(work)

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

        Raises:
            DuplicateUsernameException: another user has the username.
            ValidationException: the metadata would be too long.
        """

        async def work() -> User:
            await self.targets.lock(user_id, by)
            changed = await self.users.change_profile(user_id, values)
            await self.audit.record(
                AccountEvent.ACCOUNT_CHANGED, user_id=user_id, request_context=request_context, fields=sorted(values)
            )
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
