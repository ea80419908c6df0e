"""What people do with their own account."""

from dataclasses import dataclass

from auth_api.audit.events import EventTag
from auth_api.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.origin import Origin
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
    hasher: PasswordHasher

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
            UserNotFoundException: the account is gone, or its password was changed meanwhile.
            ServerOverloadedException: too many hashes wait already.
        """
        found = await self.users.credentials_of(account.id)
        if not await self.hasher.verify(current_password, found.hashed_password):
            raise InvalidCredentialsException

        async def work() -> None:
            if not await self.users.delete(found):
                raise UserNotFoundException
            await self.audit.record(EventTag.ACCOUNT_DELETED, user_id=account.id, origin=origin)

        await self.database.transaction(work)
