"""Look up roles, give them to users and take them away. The calling flow opens the transaction and writes the event."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

from auth_api.events.audit.actors import provider_of
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.roles import catalogue_repository, provider_grants_repository, repository
from auth_api.roles.errors import LastAdministratorException, RoleNotFoundException
from auth_api.roles.granted import Granted
from auth_api.roles.permissions import BUILT_IN, EVERYTHING
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.roles.rights import Rights
from auth_api.roles.role import Role
from auth_api.roles.role_names import is_role_name
from auth_api.users.user import User

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RoleService:
    """Look up roles, give them to users and take them away."""

    async def find(self, name: str) -> Role:
        """Return a role.

        Raises:
            RoleNotFoundException: a role with this name does not exist.
        """
        role = await repository.find(name) if is_role_name(name) else None
        if role is None:
            raise RoleNotFoundException
        return role

    async def all(self) -> list[Role]:
        """Return all roles by name."""
        return await repository.all_roles()

    async def lock(self, name: str) -> Role | None:
        """Return a role as of now, and lock it until the end of the transaction, before users; None if none exists.

        A caller whose rights a role exceeds cannot grant it while it gets them.
        """
        return await catalogue_repository.lock_role(name) if is_role_name(name) else None

    async def granted(self, user_id: int) -> Granted:
        """Return the roles of a user, inside the transaction that has locked the user's row."""
        return await repository.granted(user_id)

    async def count_administrators(self) -> int:
        """Return the number of active administrators."""
        return await repository.count_administrators()

    async def rights_of(self, user_id: int) -> Rights:
        """Return what a user may do, which is nothing for an unknown user.

        To decide about a user by it, call it inside the transaction that has locked the user's row.
        """
        return (await repository.granted(user_id)).rights

    async def is_claimable(self, user: User) -> bool:
        """Return whether a person who proves to read the mail of the account's address may take the account over.

        Its user may be a stranger who registered with the address, and has never proved to read its mail. But an
        administrator knows the user of an account that has a role, even before mail was switched on.
        """
        return user.email_verified_at is None and not (await self.names_of([user.id]))[user.id]

    async def names_of(self, user_ids: Sequence[int]) -> dict[int, list[str]]:
        """Return the names of the roles of some users, sorted; users without roles have an empty list."""
        names: dict[int, list[str]] = {user_id: [] for user_id in user_ids}
        for user_id, name in await repository.names_of(user_ids):
            names[user_id].append(name)
        return {user_id: sorted(each) for user_id, each in names.items()}

    async def providers_of(self, user_id: int) -> dict[str, str]:
        """Return the roles that providers grant a user, each with the id of the provider."""
        grants = await provider_grants_repository.grants_of(user_id)
        return {grant.name: provider_of(grant.granted_by or "") for grant in grants if grant.identity_id is not None}

    async def holders(self, role: Role, request: PageRequest) -> tuple[Sequence[int], str | None]:
        """Return a page of the ids of the users that have a role, newest first, and the cursor of the next page.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        ids = await repository.holders(role.id, before=before_id(request), limit=request.limit + 1)
        return split_page(ids, request, lambda user_id: user_id)

    async def rights_of_roles(self, names: Iterable[str]) -> Rights:
        """Return what some roles permit together.

        Raises:
            RoleNotFoundException: one of them does not exist.
        """
        rights = Rights()
        for name in names:
            rights = rights.union((await self.find(name)).rights)
        return rights

    async def held(self, rights: Rights) -> AbstractSet[str]:
        """Return the permissions that some rights contain, also if they contain all that exist."""
        if EVERYTHING not in rights.permissions:
            return rights.permissions
        return {*BUILT_IN, *await repository.declared()}

    async def check_known(self, permissions: Iterable[str], *, field: str) -> None:
        """Check that permissions exist; `*` is none. Until the end of the transaction none of them can be deleted.

        Call it before an account is locked, as it may lock the role `administrator`.

        Args:
            permissions: names of permissions.
            field: the field of the request that has them.

        Raises:
            ValidationException: one of them does not exist.
        """
        if unknown := set(permissions) - BUILT_IN.keys():
            await repository.lock_administrators()
            unknown -= set(await repository.declared())
        if unknown:
            raise ValidationException([FieldError(field, "not_found", "Each must be the name of a permission.")])

    async def grant(self, user_id: int, role: Role, *, granted_by: str | None) -> bool:
        """Give a user a role, inside the transaction that has locked the user's row.

        Args:
            user_id: the user.
            role: the role.
            granted_by: the actor, as the security history names it.

        Returns:
            False if the user already had the role. One that only a provider granted counts as new: from now on the
            provider cannot take it away.
        """
        return await repository.grant(user_id, role.id, granted_by=granted_by)

    async def revoke(self, user_id: int, role: Role) -> bool:
        """Take a role from a user, inside `keep_administrator`. Return False if the user did not have it."""
        is_revoked = await repository.revoke(user_id, role.id)
        if is_revoked:
            await RevokedSubjects().mark_revoked(user_id)
        return is_revoked

    async def lock_administrators(self) -> None:
        """Let changes of the administration that count or compare rows wait for each other, in the transaction."""
        await repository.lock_administrators()

    async def keep_administrator(self, user_id: int, act: Callable[[], Awaitable[T]]) -> T:
        """Do what may take the administration of the server from a user: revoke a role, disable or delete the user.

        Such acts wait for each other, and the account of the user is locked after that: two administrators who remove
        each other at the same time cannot both succeed.

        Args:
            user_id: the user.
            act: what is done, inside the caller's transaction, of which this is the first lock.

        Returns:
            What `act` returned.

        Raises:
            LastAdministratorException: the user was the last active administrator. The transaction must be rolled back.
        """
        await repository.lock_administrators()
        was_administrator = await repository.is_active_administrator(user_id)
        result = await act()
        if was_administrator and not await repository.has_active_administrator():
            raise LastAdministratorException
        return result
