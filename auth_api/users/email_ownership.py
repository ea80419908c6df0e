"""The account and the mailbox it belongs to: who can read its mail is its owner."""

from dataclasses import dataclass

from auth_api.kit.crypto.passwords import UNUSABLE
from auth_api.users import credentials_repository, repository
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.user import User


@dataclass(frozen=True, slots=True)
class EmailOwnership:
    """Changes that a proof of the mailbox allows. Flows decide on transactions, and write the audit row."""

    async def find(self, user_id: int) -> User | None:
        """Return the account of this id."""
        return await repository.find(user_id)

    async def owner_of(self, email: CanonicalEmail) -> User | None:
        """Return the account that has this address."""
        return await repository.find_by_email(email)

    async def verify(self, user_id: int, email: CanonicalEmail) -> bool | None:
        """Note that the address is its owner's. True if nobody had proved that before, to one caller alone.

        None if the account is gone, or has another address by now.
        """
        if await repository.mark_verified(user_id, email):
            return True
        user = await repository.find(user_id)
        return False if user is not None and user.email == email else None

    async def change_address(self, user_id: int, email: CanonicalEmail) -> User:
        """Give the account another address, whose owner has just proved to have it.

        Raises:
            DuplicateEmailException: another account has it.
            UserNotFoundException: the account is gone.
        """
        return _require(await repository.change_email(user_id, email))

    async def reclaim_address(self, user_id: int, email: CanonicalEmail) -> int | None:
        """Give the account an address back that was its own, and whose owner has just proved to have it.

        Who only claims to have it gives way, or the way back could be closed by registering with the address: an
        account that nobody verified is deleted, and its id returned.

        Raises:
            DuplicateEmailException: another account has it, and its owner proved to.
            UserNotFoundException: the account is gone.
        """
        displaced = await repository.delete_unverified(email, unless=user_id)
        _require(await repository.change_email(user_id, email))
        return displaced

    async def set_password(self, user_id: int, new_hash: str) -> User:
        """Replace the password, whatever it was.

        Raises:
            UserNotFoundException: the account is gone.
        """
        return _require(await credentials_repository.replace_password(user_id, new_hash))

    async def drop_password(self, user_id: int) -> User:
        """Leave the account without a password, until a reset sets one.

        Raises:
            UserNotFoundException: the account is gone.
        """
        return _require(await credentials_repository.replace_password(user_id, UNUSABLE))


def _require(user: User | None) -> User:
    if user is None:
        raise UserNotFoundException
    return user
