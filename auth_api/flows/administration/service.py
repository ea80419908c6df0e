"""Create, change, disable, enable and delete users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.profile import EMPTY_PROFILE, ProfileInput
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationService:
    """Creates and changes users for an operator; each change and its event are stored in one transaction."""

    database: Database
    users: UserService
    hasher: PasswordHasher
    access_revocation: AccessRevocation
    audit: AuditTrail

    async def create(
        self,
        *,
        email: CanonicalEmail,
        username: CanonicalUsername,
        password: str,
        profile: ProfileInput = EMPTY_PROFILE,
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
            await self.audit.record(
                AccountEvent.ACCOUNT_REGISTERED, user_id=user.id, request_context=COMMAND_LINE_CONTEXT
            )
            return user

        return await self.database.transaction(work)

    async def disable(self, name: str) -> bool:
        """Disable a user and end all sessions of the user; return False if the user already was disabled.

        Raises:
            UserNotFoundException: such a user does not exist.
        """
        user = await self.users.find(name)

        async def work() -> bool:
            if await self.users.set_active(user.id, active=False) is None:
                return False
            ended = await self.access_revocation.revoke(AccessEvent.ACCOUNT_DISABLED, user.id)
            await self.audit.record(
                AccountEvent.ACCOUNT_DISABLED,
                user_id=user.id,
                request_context=COMMAND_LINE_CONTEXT,
                sessions_ended=ended,
            )
            return True

        return await self.database.transaction(work)

    async def enable(self, name: str) -> bool:
        """Enable a disabled user; return False if the user was not disabled.

        Raises:
            UserNotFoundException: such a user does not exist.
        """
        user = await self.users.find(name)

        async def work() -> bool:
            if await self.users.set_active(user.id, active=True) is None:
                return False
            await self.audit.record(AccountEvent.ACCOUNT_ENABLED, user_id=user.id, request_context=COMMAND_LINE_CONTEXT)
            return True

        return await self.database.transaction(work)

    async def change_profile(self, user: User, values: Mapping[str, Any]) -> User:
        """Change the username, fields of the profile and keys of the metadata, given by name.

        Raises:
            DuplicateUsernameException: another user has the username.
            ValidationException: the metadata would be too long.
            UserNotFoundException: the user has been deleted.
        """

        async def work() -> User:
            changed = await self.users.change_profile(user.id, values)
            await self.audit.record(
                AccountEvent.PROFILE_CHANGED,
                user_id=user.id,
                request_context=COMMAND_LINE_CONTEXT,
                fields=sorted(values),
            )
            return changed

        return await self.database.transaction(work)

    async def delete(self, user: User) -> None:
        """Delete a user with all sessions and tokens; the events remain without a reference to the user.

        Raises:
            UserNotFoundException: the user has already been deleted.
        """

        async def work() -> None:
            await self.users.lock(user.id)
            await self.access_revocation.revoke(AccessEvent.ACCOUNT_DELETED, user.id)
            if not await self.users.delete_by_id(user.id):
                raise UserNotFoundException
            await self.audit.record(
                AccountEvent.ACCOUNT_DELETED,
                user_id=user.id,
                request_context=COMMAND_LINE_CONTEXT,
                resource=f"user:{user.id}",
            )

        await self.database.transaction(work)
