"""What people do with their own account."""

from dataclasses import dataclass

from auth_api.audit.events import EventTag
from auth_api.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.origin import Origin
from auth_api.passwords.service import PasswordService
from auth_api.users.account import Account
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException
from auth_api.users.identifiers import CanonicalUsername
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """Changes of an account by its owner."""

    database: Database
    users: UserService
    audit: AuditTrail
    passwords: PasswordService

    async def rename(self, account: Account, username: CanonicalUsername, origin: Origin) -> Account:
        """Change the username.

        Raises:
            DuplicateUsernameException: another account has it.
            UserNotFoundException: the account was deleted meanwhile.
        """

        async def work() -> Account:
            renamed = await self.users.rename(account.id, username)
            await self.audit.record(EventTag.PROFILE_CHANGED, user_id=account.id, origin=origin, fields=["username"])
            return renamed

        return await self.database.transaction(work)

    async def delete(self, account: Account, *, current_password: str, origin: Origin) -> None:
        """Delete the account with its sessions and tokens. Its history stays, without the person.

        Raises:
            InvalidCredentialsException: it is not the account's password.
            TooManyAttemptsException: too many were wrong; this one was not looked at.
            ServerOverloadedException: too many hashes wait already.
        """
        found = await self.users.credentials_of(account.id)
        if not await self.passwords.check(current_password, found=found, name=account.username, origin=origin):
            raise InvalidCredentialsException

        async def work() -> bool:
            await self.audit.record(EventTag.ACCOUNT_DELETED, user_id=account.id, origin=origin)
            if not await self.users.delete(found):
                raise UserNotFoundException  # rolls the row back: somebody else deleted it, or changed its password
            return True

        await self.database.transaction(work)
