"""Find users for administrators, and show what they need to know about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from auth_api.flows.administration.schemas import AdminUser, admin_user
from auth_api.flows.administration.user_filter import FilterKind, UserFilter
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.pagination import PageRequest
from auth_api.roles.errors import RoleNotFoundException
from auth_api.roles.service import RoleService
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.directory import UserDirectory, UserPage
from auth_api.users.identifiers import parse_identifier
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSearch:
    """Finds users by one property."""

    users: UserService
    directory: UserDirectory
    roles: RoleService
    second_factors: SecondFactors

    async def find(self, wanted: UserFilter, page: PageRequest) -> UserPage:
        """Return a page of the users that a filter describes, and the cursor of the next page or None.

        Lists by prefix are in the order of the bytes of the text, the others begin with the newest user.

        Raises:
            ValidationException: the cursor belongs to another list, or the role does not exist.
        """
        match wanted.kind:
            case None:
                list_page = self.directory.newest
            case FilterKind.DISABLED:
                list_page = self.directory.disabled
            case FilterKind.UNVERIFIED:
                list_page = self.directory.unverified
            case FilterKind.USERNAME_PREFIX:
                list_page = partial(self.directory.with_username_prefix, wanted.text)
            case FilterKind.EMAIL_PREFIX:
                list_page = partial(self.directory.with_email_prefix, wanted.text)
            case FilterKind.ROLE:
                return await self._holders(wanted.text, page)
            case FilterKind.ID:
                return await self.directory.with_ids(wanted.ids), None
            case FilterKind.EMAIL | FilterKind.USERNAME:
                return await self._named(wanted.text), None
        return await list_page(page)

    async def get(self, user_id: int) -> User:
        """Return a user.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        return (await self.users.get_credentials(user_id)).user

    async def read(self, user_id: int) -> AdminUser:
        """Return what administrators see of a user.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        return (await self.describe([await self.get(user_id)]))[0]

    async def describe(self, users: Sequence[User]) -> list[AdminUser]:
        """Return what administrators see of users, with the same number of statements for any number of users."""
        ids = [user.id for user in users]
        roles = await self.roles.names_of(ids)
        factors = await self.second_factors.usable_kinds(ids)
        return [admin_user(user, roles=roles[user.id], factors=factors[user.id]) for user in users]

    async def _holders(self, role_name: str, page: PageRequest) -> UserPage:
        try:
            role = await self.roles.find(role_name)
        except RoleNotFoundException as error:
            raise ValidationException([FieldError(FilterKind.ROLE, "not_found", error.detail)]) from error
        ids, next_cursor = await self.roles.holders(role, page)
        return await self.directory.with_ids(ids), next_cursor

    async def _named(self, name: str) -> Sequence[User]:
        found = await self.users.find_credentials(parse_identifier(email=None, username=name))
        return [found.user] if found is not None else []
