"""What can be done with an account. Flows decide on transactions, and write the audit row."""

from dataclasses import dataclass

from auth_api.users import credentials_repository, repository
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername, Identifier
from auth_api.users.user import Credentials, User


@dataclass(frozen=True, slots=True)
class UserService:
    """Look-up, creation and change of accounts."""

    async def create(
        self,
        *,
        email: CanonicalEmail,
        username: CanonicalUsername,
        hashed_password: str,
        locale: str | None = None,
    ) -> User:
        """Add an account; of several that want the same address or username at once, exactly one gets it.

        Raises:
            DuplicateEmailException: the address is taken; also if the username is, too.
            DuplicateUsernameException: the username is taken.
        """
        user = await repository.insert(email, username, hashed_password, locale=locale)
        if user is not None:
            return user
        if await repository.email_is_taken(email):
            raise DuplicateEmailException
        raise DuplicateUsernameException

    async def credentials_for(self, name: Identifier) -> Credentials | None:
        """Find an account by what somebody typed. None for what names no account, and for what cannot name one."""
        if name.email is not None:
            return await credentials_repository.by_email(name.email)
        if name.username is not None:
            return await credentials_repository.by_username(name.username)
        return None

    async def credentials_of(self, user_id: int) -> Credentials:
        """Return the account and its password's hash.

        Raises:
            UserNotFoundException: it is gone.
        """
        credentials = await credentials_repository.by_id(user_id)
        if credentials is None:
            raise UserNotFoundException
        return credentials

    async def record_login(self, checked: Credentials, *, new_hash: str | None) -> User | None:
        """Move `last_login`, and store the password's new hash if there is one.

        None if meanwhile the account was disabled or deleted, or its password is no longer the one that was checked.
        """
        return await credentials_repository.record_login(
            checked.user.id,
            checked_hash=checked.hashed_password,
            new_hash=new_hash or checked.hashed_password,
        )

    async def rename(self, user_id: int, username: CanonicalUsername) -> User:
        """Change the username.

        Raises:
            DuplicateUsernameException: it is taken.
            UserNotFoundException: the account is gone.
        """
        user = await repository.rename(user_id, username)
        if user is None:
            raise UserNotFoundException
        return user

    async def set_password(self, checked: Credentials, new_hash: str) -> User | None:
        """Replace the password. None if meanwhile somebody else did, or the account was disabled or deleted."""
        return await credentials_repository.set_password(
            checked.user.id, checked_hash=checked.hashed_password, new_hash=new_hash
        )

    async def set_active(self, user_id: int, *, active: bool) -> User | None:
        """Enable or disable the account. None if there was nothing to change."""
        return await repository.set_active(user_id, active=active)

    async def delete(self, checked: Credentials) -> bool:
        """Delete the account with its sessions and tokens, if its password still is the one that was checked."""
        return await credentials_repository.delete(checked.user.id, checked_hash=checked.hashed_password)

    async def remove(self, user_id: int) -> bool:
        """Delete the account with its sessions and tokens, whatever its password. False if it is gone."""
        return await repository.remove(user_id)

    async def verify_email(self, user: User) -> bool:
        """Note that the address is its owner's. False if it was, or the account has another one by now."""
        return await repository.verify_once(user.id, user.email)

    async def newest(self, limit: int) -> list[User]:
        """Return the accounts that were made last, newest first."""
        return await repository.newest(limit)
