"""Changes to a user by a person who has proved to read the mail of an e-mail address."""

from dataclasses import dataclass

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.users import credentials_repository, repository
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.user import User


@dataclass(frozen=True, slots=True)
class EmailOwnership:
    """Change a user after a proof of ownership. The calling flow opens the transaction and writes the audit row."""

    async def find(self, user_id: int) -> User | None:
        """Return the user with this id, or None."""
        return await repository.find(user_id)

    async def lock(self, user_id: int) -> User | None:
        """Lock a user before the tokens of the user are redeemed, as `UserService.lock` does."""
        return await repository.lock(user_id)

    async def find_by_email(self, email: CanonicalEmail) -> User | None:
        """Return the user with this e-mail address, or None."""
        return await repository.find_by_email(email)

    async def mark_verified(self, user_id: int, email: CanonicalEmail) -> bool | None:
        """Mark the user's e-mail address as verified.

        Returns:
            True for the one caller that marked it, False if it was already marked, None if the user does not exist or
            has another e-mail address now.
        """
        if await repository.mark_verified(user_id, email):
            return True
        user = await repository.find(user_id)
        return False if user is not None and user.email == email else None

    async def change_email(self, user_id: int, email: CanonicalEmail) -> User:
        """Set an e-mail address whose ownership has just been proved, and mark it as verified.

        Raises:
            DuplicateEmailException: another user has this e-mail address.
            UserNotFoundException: the user does not exist.
        """
        return _require(await repository.change_email(user_id, email))

    async def set_password(self, user_id: int, new_hash: str) -> User:
        """Replace the password without comparing the current one.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        return _require(await credentials_repository.replace_password(user_id, new_hash))

    async def remove_password(self, user_id: int) -> User:
        """Make the password unusable until a reset sets a new one.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        return _require(await credentials_repository.replace_password(user_id, UNUSABLE_HASH))


def _require(user: User | None) -> User:
    if user is None:
        raise UserNotFoundException
    return user
