"""The users whom administrators act on."""

from dataclasses import dataclass

from auth_api.roles.rights import Authority
from auth_api.roles.service import RoleService
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetUsers:
    """Decides who may act on which user."""

    users: UserService
    roles: RoleService

    async def lock(self, user_id: int, by: Authority) -> User:
        """Lock the user whom an act concerns until the end of the transaction, and check that the caller may do it.

        The roles are read after that: a role that is granted at the same time is seen.

        Raises:
            UserNotFoundException: the user does not exist.
            SelfChangeRefusedException: the caller is the user.
            AuthException: the caller has lost its authority, see `Authority.confirmed`.
            RankTooLowException: the user has a permission that the caller lacks.
        """
        user = await self.users.lock(user_id)
        if user is None:
            raise UserNotFoundException
        by.check_other(user.id)
        (await by.confirmed()).check_rank(await self.roles.rights_of(user.id))
        return user
