"""The ways in which a user can log in, counted in one place."""

from dataclasses import dataclass

from auth_api.credentials.errors import LastSignInMethodException
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.passkeys.service import PasskeyService
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    """Passwords, passkeys that can be used here, and identities of providers that are configured."""

    users: UserService
    passkeys: PasskeyService
    identities: Identities

    async def count(self, user_id: int) -> int:
        """Return in how many ways a user can log in.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        has_password = (await self.users.get_credentials(user_id)).has_password
        passkeys = filter(self.passkeys.is_usable, await self.passkeys.of_user(user_id))
        identities = filter(self.identities.is_usable, await self.identities.of_user(user_id))
        return has_password + len([*passkeys, *identities])

    async def require_one(self, user_id: int) -> None:
        """Check that a user can still log in after a removal, in its transaction that has locked the row of the user.

        Raises:
            LastSignInMethodException: no way is left.
            UserNotFoundException: the user does not exist.
        """
        if not await self.count(user_id):
            raise LastSignInMethodException
